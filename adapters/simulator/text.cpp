#include "adapters/simulator/text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include <time.h>

namespace carillon::simulator {

namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_plain(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'
         || c == '_' || c == '.' || c == '*';
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c))
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
}

std::tm utc(std::chrono::system_clock::time_point at) {
  const std::time_t t = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&t, &parts);
  return parts;
}

std::string formatted(const char* format, const std::tm& parts) {
  std::array<char, 64> out;
  return {out.data(), strftime(out.data(), out.size(), format, &parts)};
}

} // namespace

fields parse_form(std::string_view text) {
  fields out;
  out.reserve(8);
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto eq = pair.find('=');
    if (!pair.empty())
      out.emplace_back(decode(pair.substr(0, eq)),
                       eq == std::string_view::npos ? std::string{} : decode(pair.substr(eq + 1)));
  }
  return out;
}

std::string_view find(const fields& all, std::string_view name) noexcept {
  for (const auto& [key, value] : all)
    if (key == name)
      return value;
  return {};
}

void append_form(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty())
    out += '&';
  append_encoded(out, name);
  out += '=';
  append_encoded(out, value);
}

void append_json(std::string& out, std::string_view text) {
  const bool simple = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c != '"' && c != '\\' && c < 127;
  });
  if (simple) {
    out += '"';
    out.append(text);
    out += '"';
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::pair<std::string, std::string>> parse_basic(std::string_view header) {
  constexpr std::string_view scheme = "basic ";
  if (header.size() < scheme.size()
      || !std::equal(scheme.begin(), scheme.end(), header.begin(),
                     [](char a, char b) { return a == (b | 0x20); }))
    return std::nullopt;
  const auto encoded = header.substr(scheme.size());
  std::string plain(encoded.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                                   reinterpret_cast<const unsigned char*>(encoded.data()),
                                   static_cast<int>(encoded.size()));
  if (size < 0)
    return std::nullopt;
  const auto padding = std::count(encoded.begin(), encoded.end(), '=');
  plain.resize(static_cast<std::size_t>(std::max(0L, size - padding)));
  const auto colon = plain.find(':');
  if (colon == std::string::npos)
    return std::nullopt;
  return std::pair{plain.substr(0, colon), plain.substr(colon + 1)};
}

std::string rfc3339(std::chrono::system_clock::time_point at) {
  const auto ms
      = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count() % 1000;
  auto fraction = std::to_string(1000 + ms);
  fraction[0] = '.';
  return formatted("%Y-%m-%dT%H:%M:%S", utc(at)) + fraction + "Z";
}

std::string rfc2822(std::chrono::system_clock::time_point at) {
  return formatted("%a, %d %b %Y %H:%M:%S +0000", utc(at));
}

std::optional<http_url> parse_http_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme))
    return std::nullopt;
  url.remove_prefix(scheme.size());
  const auto authority = url.substr(0, url.find_first_of("/?#"));
  const auto rest = url.substr(authority.size());
  http_url out;
  out.target = rest.starts_with('/') ? std::string{rest} : "/" + std::string{rest};
  out.target.resize(std::min(out.target.size(), out.target.find('#')));
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.host = authority.substr(0, colon);
  out.port = colon == std::string_view::npos ? "80" : std::string{authority.substr(colon + 1)};
  if (out.host.size() > 2 && out.host.front() == '[')
    out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty() || out.port.empty() || authority.find('@') != std::string_view::npos)
    return std::nullopt;
  return out;
}

bool is_loopback(std::string_view host) noexcept {
  if (host == "localhost" || host == "::1")
    return true;
  return host.starts_with("127.")
         && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::size_t characters(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace carillon::simulator
