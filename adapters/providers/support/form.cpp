#include "adapters/providers/support/form.hpp"

#include <array>
#include <cstddef>

namespace carillon::providers {

namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

constexpr bool is_alnum(unsigned char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::array<bool, 256> make_table(std::string_view extra) {
  std::array<bool, 256> t{};
  for (unsigned c = 0; c < 256; ++c)
    t[c] = is_alnum(static_cast<unsigned char>(c))
           || extra.find(static_cast<char>(c)) != std::string_view::npos;
  return t;
}

constexpr auto form_safe = make_table("*-._");
constexpr auto url_safe = make_table("-._~");

void append_escaped(std::string& out, unsigned char c) {
  out += '%';
  out += hex_digits[c >> 4];
  out += hex_digits[c & 15];
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (form_safe[c])
      out += ch;
    else if (ch == ' ')
      out += '+';
    else
      append_escaped(out, c);
  }
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
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

} // namespace

void append_field(std::string& body, std::string_view name, std::string_view value) {
  if (!body.empty())
    body += '&';
  append_encoded(body, name);
  body += '=';
  append_encoded(body, value);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (const char ch : text) {
    const auto c = static_cast<unsigned char>(ch);
    if (url_safe[c])
      out += ch;
    else
      append_escaped(out, c);
  }
  return out;
}

form_fields parse_form(std::string_view body) {
  form_fields out;
  while (!body.empty()) {
    const auto end = body.find('&');
    const auto pair = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view{} : body.substr(end + 1);
    if (pair.empty())
      continue;
    const auto eq = pair.find('=');
    const auto value = eq == std::string_view::npos ? std::string_view{} : pair.substr(eq + 1);
    out.emplace_back(decode(pair.substr(0, eq)), decode(value));
  }
  return out;
}

std::string_view field_of(const form_fields& fields, std::string_view name) noexcept {
  for (const auto& [key, value] : fields)
    if (key == name)
      return value;
  return {};
}

} // namespace carillon::providers
