#include "adapters/providers/support/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include <time.h>

namespace carillon::providers {

namespace {

constexpr std::chrono::hours longest{24};

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

duration clamp(duration wait) noexcept {
  return std::clamp(wait, duration{0}, duration{longest});
}

// `Sun, 06 Nov 1994 08:49:37 GMT`. The daemon runs in the C locale, which strptime's names need.
std::optional<timestamp> parse_fixdate(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &parts);
  if (end == nullptr || std::string_view{end} != " GMT")
    return std::nullopt;
  return timestamp{std::chrono::seconds{timegm(&parts)}};
}

} // namespace

std::optional<duration> parse_retry_after(std::string_view value, timestamp now) {
  value = trim(value);
  if (value.empty())
    return std::nullopt;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    long long seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc::result_out_of_range || seconds > 1'000'000)
      return duration{longest};
    return clamp(std::chrono::seconds{seconds});
  }
  if (const auto at = parse_fixdate(std::string{value}))
    return clamp(*at - now);
  return std::nullopt;
}

} // namespace carillon::providers
