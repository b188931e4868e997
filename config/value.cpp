#include "config/value.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace carillon {
namespace {

const std::string* text_of(const written_value& value) {
  return std::get_if<std::string>(&value.what);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<std::int64_t> whole_number(const written_value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value.what))
    return *number;
  if (const auto* text = text_of(value); text && value.from_environment)
    return parse_number<std::int64_t>(*text);
  return std::nullopt;
}

complaint within(std::int64_t number, number_range range) {
  if (number < 0 || std::cmp_less(number, range.least) || std::cmp_greater(number, range.most))
    return fmt::format("{} is not within {} and {}", number, range.least, range.most);
  return {};
}

std::string words(duration d) {
  using namespace std::chrono;
  if (d % hours{1} == duration{0} && d > duration{0})
    return fmt::format("{}h", duration_cast<hours>(d).count());
  if (d % seconds{1} == duration{0})
    return fmt::format("{}s", duration_cast<seconds>(d).count());
  return fmt::format("{}ms", duration_cast<milliseconds>(d).count());
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> units{
      {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024ULL * 1024 * 1024}}};
  std::uint64_t factor = 1;
  for (auto [name, size] : units) {
    if (text.ends_with(name)) {
      factor = size;
      text.remove_suffix(name.size());
    }
  }
  while (text.ends_with(' '))
    text.remove_suffix(1);
  auto number = parse_number<std::uint64_t>(text);
  if (!number || *number > (1ULL << 62) / factor)
    return std::nullopt;
  return *number * factor;
}

} // namespace

complaint read_value(const written_value& from, bool& to) {
  if (const auto* value = std::get_if<bool>(&from.what)) {
    to = *value;
    return {};
  }
  const auto* text = text_of(from);
  if (text && from.from_environment && (*text == "true" || *text == "false")) {
    to = *text == "true";
    return {};
  }
  return "must be true or false";
}

complaint read_value(const written_value& from, std::string& to) {
  const auto* text = text_of(from);
  if (!text)
    return "must be text in quotes";
  to = *text;
  return {};
}

complaint read_value(const written_value& from, std::filesystem::path& to) {
  const auto* text = text_of(from);
  if (!text || text->empty())
    return "must be a path in quotes";
  to = *text;
  return {};
}

complaint read_value(const written_value& from, std::uint32_t& to, number_range range) {
  std::uint64_t wide = to;
  auto wrong = read_value(from, wide, range);
  to = static_cast<std::uint32_t>(wide);
  return wrong;
}

complaint read_value(const written_value& from, std::uint64_t& to, number_range range) {
  auto number = whole_number(from);
  if (!number)
    return "must be a whole number";
  if (auto wrong = within(*number, range); !wrong.empty())
    return wrong;
  to = static_cast<std::uint64_t>(*number);
  return {};
}

complaint read_value(const written_value& from, duration& to, duration_range range) {
  const auto* text = text_of(from);
  auto value = text ? parse_duration(*text) : std::nullopt;
  if (!value)
    return "must be a duration in quotes, such as \"10s\", \"500ms\" or \"30min\"";
  if (*value < range.least || *value > range.most)
    return fmt::format("{} is not within {} and {}", words(*value), words(range.least),
                       words(range.most));
  to = *value;
  return {};
}

complaint read_bytes(const written_value& from, std::size_t& to, number_range range) {
  std::optional<std::uint64_t> bytes;
  if (const auto* text = text_of(from))
    bytes = parse_bytes(*text);
  else if (auto number = whole_number(from); number && *number >= 0)
    bytes = static_cast<std::uint64_t>(*number);
  if (!bytes)
    return "must be bytes: a whole number, or text such as \"512KiB\" or \"1MiB\"";
  if (*bytes < range.least || *bytes > range.most)
    return fmt::format("{} bytes are not within {} and {}", *bytes, range.least, range.most);
  to = *bytes;
  return {};
}

complaint read_value(const written_value& from, listen_address& to) {
  constexpr auto wanted = "must be host:port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"";
  const auto* text = text_of(from);
  auto colon = text ? text->rfind(':') : std::string::npos;
  if (colon == std::string::npos)
    return wanted;
  auto port = parse_number<std::uint16_t>(std::string_view{*text}.substr(colon + 1));
  auto host = text->substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return wanted;
  if (!port || host.find_first_of(" /@") != std::string::npos)
    return wanted;
  to = {host.empty() ? "0.0.0.0" : host, *port};
  return {};
}

complaint read_url(const written_value& from, std::string& to) {
  constexpr auto wanted = "must be an absolute URL that starts with http:// or https://";
  const auto* text = text_of(from);
  if (!text)
    return wanted;
  auto rest = std::string_view{*text};
  if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else
    return wanted;
  if (rest.empty() || rest.starts_with('/') || rest.find_first_of(" \t?#") != std::string::npos)
    return wanted;
  to = *text;
  while (to.ends_with('/'))
    to.pop_back();
  return {};
}

} // namespace carillon
