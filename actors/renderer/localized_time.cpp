#include "actors/renderer/localized_time.hpp"

#include <unicode/dtptngen.h>
#include <unicode/smpdtfmt.h>
#include <unicode/timezone.h>

#include <map>
#include <memory>

namespace carillon {

namespace {

struct formatter {
  std::unique_ptr<icu::SimpleDateFormat> format; ///< null: there is none for the locale
  std::string zone;                              ///< that it is set to
};

const char* skeleton_of(time_style style) {
  switch (style) {
  case time_style::date:
    return "MMMMEEEEd";
  case time_style::time:
    return "jmm";
  case time_style::datetime:
    return "MMMMEEEEdjmm";
  case time_style::weekday:
    return "EEEE";
  default:
    return "";
  }
}

std::unique_ptr<icu::SimpleDateFormat> make_formatter(time_style style, const std::string& locale) {
  UErrorCode status = U_ZERO_ERROR;
  auto where = icu::Locale::forLanguageTag(locale.empty() ? "en" : locale, status);
  icu::UnicodeString pattern = "yyyy-MM-dd";
  if (style != time_style::iso_date) {
    std::unique_ptr<icu::DateTimePatternGenerator> patterns{
        icu::DateTimePatternGenerator::createInstance(where, status)};
    if (U_SUCCESS(status))
      pattern = patterns->getBestPattern(icu::UnicodeString::fromUTF8(skeleton_of(style)), status);
  }
  auto out = std::make_unique<icu::SimpleDateFormat>(pattern, where, status);
  return U_SUCCESS(status) ? std::move(out) : nullptr;
}

/// Making one takes far longer than using it, and it is not thread-safe.
formatter& formatter_for(time_style style, const std::string& locale) {
  thread_local std::map<std::pair<time_style, std::string>, formatter> known;
  if (known.size() > 64)
    known.clear();
  auto [i, fresh] = known.try_emplace({style, locale});
  if (fresh)
    i->second.format = make_formatter(style, locale);
  return i->second;
}

} // namespace

std::optional<time_style> parse_time_style(std::string_view name) noexcept {
  if (name == "date")
    return time_style::date;
  if (name == "time")
    return time_style::time;
  if (name == "datetime")
    return time_style::datetime;
  if (name == "weekday")
    return time_style::weekday;
  if (name == "iso_date")
    return time_style::iso_date;
  return std::nullopt;
}

std::string localize_time(timestamp at, time_style style, const std::string& locale,
                          const std::string& zone) {
  auto& with = formatter_for(style, locale);
  auto* format = with.format.get();
  if (!format)
    return to_rfc3339(at);
  auto wanted = zone.empty() ? std::string{"UTC"} : zone;
  if (with.zone != wanted) {
    format->adoptTimeZone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(wanted)));
    with.zone = std::move(wanted);
  }
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  icu::UnicodeString text;
  format->format(static_cast<UDate>(ms), text);
  std::string out;
  text.toUTF8String(out);
  // U+202F and U+00A0 in newer locale data would make an SMS UCS-2.
  for (const char* space : {"\xe2\x80\xaf", "\xc2\xa0"})
    for (auto p = out.find(space); p != out.npos; p = out.find(space))
      out.replace(p, std::string_view{space}.size(), " ");
  return out;
}

} // namespace carillon
