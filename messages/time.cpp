#include "messages/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace carillon {

namespace {

using namespace std::chrono;

/// Reads exactly n digits at the front and takes them away.
std::optional<int> take_digits(std::string_view& text, std::size_t n) {
  if (text.size() < n)
    return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (text[i] < '0' || text[i] > '9')
      return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(n);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c)
    return false;
  text.remove_prefix(1);
  return true;
}

/// The date at the front; nothing if there is none or no such day.
std::optional<sys_days> take_date(std::string_view& text) {
  auto y = take_digits(text, 4);
  if (!y || !take(text, '-'))
    return std::nullopt;
  auto m = take_digits(text, 2);
  if (!m || !take(text, '-'))
    return std::nullopt;
  auto d = take_digits(text, 2);
  if (!d)
    return std::nullopt;
  auto date = year{*y} / month{static_cast<unsigned>(*m)} / day{static_cast<unsigned>(*d)};
  return date.ok() ? std::optional{sys_days{date}} : std::nullopt;
}

/// Up to 9 digits of a second's fraction, cut to microseconds.
std::optional<microseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.'))
    return microseconds{0};
  int scale = 100'000;
  std::size_t n = 0;
  microseconds value{0};
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') {
    value += microseconds{(text[n] - '0') * scale};
    scale /= 10;
    ++n;
  }
  text.remove_prefix(n);
  return n >= 1 && n <= 9 ? std::optional{value} : std::nullopt;
}

std::optional<microseconds> take_time(std::string_view& text) {
  auto h = take_digits(text, 2);
  if (!h || *h > 23 || !take(text, ':'))
    return std::nullopt;
  auto m = take_digits(text, 2);
  if (!m || *m > 59 || !take(text, ':'))
    return std::nullopt;
  auto s = take_digits(text, 2);
  if (!s || *s > 60)
    return std::nullopt;
  auto fraction = take_fraction(text);
  if (!fraction)
    return std::nullopt;
  return hours{*h} + minutes{*m} + seconds{*s} + *fraction;
}

std::optional<minutes> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z'))
    return minutes{0};
  if (text.empty() || (text.front() != '+' && text.front() != '-'))
    return std::nullopt;
  auto sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  auto h = take_digits(text, 2);
  if (!h || *h > 23 || !take(text, ':'))
    return std::nullopt;
  auto m = take_digits(text, 2);
  if (!m || *m > 59)
    return std::nullopt;
  return sign * (hours{*h} + minutes{*m});
}

std::optional<duration> unit_of(std::string_view name) {
  if (name == "ms")
    return milliseconds{1};
  if (name == "s")
    return seconds{1};
  if (name == "min" || name == "m")
    return minutes{1};
  if (name == "h")
    return hours{1};
  if (name == "d")
    return hours{24};
  if (name == "w")
    return hours{24 * 7};
  return std::nullopt;
}

} // namespace

std::string to_rfc3339(timestamp t) {
  auto day = floor<days>(t);
  year_month_day date{day};
  hh_mm_ss time{floor<milliseconds>(t - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::optional<timestamp> parse_rfc3339(std::string_view text) {
  auto date = take_date(text);
  if (!date || !(take(text, 'T') || take(text, 't') || take(text, ' ')))
    return std::nullopt;
  auto time = take_time(text);
  if (!time)
    return std::nullopt;
  auto zone = take_zone(text);
  if (!zone || !text.empty())
    return std::nullopt;
  return *date + *time - *zone;
}

std::optional<duration> parse_duration(std::string_view text) {
  std::int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || n < 0 || n > 1'000'000'000)
    return std::nullopt;
  auto unit = unit_of(text.substr(static_cast<std::size_t>(end - text.data())));
  return unit ? std::optional{*unit * n} : std::nullopt;
}

} // namespace carillon
