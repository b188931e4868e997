#include "actors/rules/timing.hpp"

#include "actors/rules/condition.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

std::optional<timing_spec> parse_at(std::string_view text) {
  timing_spec out;
  out.what = timing_spec::kind::at;
  text = trim(text);
  auto space = text.find(' ');
  // A path may hold a dash, so an offset starts behind a space, or at a plus sign.
  auto sign = text.find('+');
  auto end = std::min(space, sign);
  out.path = text.substr(0, end);
  if (!is_path(out.path))
    return std::nullopt;
  if (end == text.npos)
    return out;
  auto rest = trim(text.substr(end));
  if (rest.empty() || (rest.front() != '+' && rest.front() != '-'))
    return std::nullopt;
  auto offset = parse_duration(trim(rest.substr(1)));
  if (!offset)
    return std::nullopt;
  out.offset = rest.front() == '-' ? -*offset : *offset;
  return out;
}

due_time skip(std::string why) {
  due_time out;
  out.skipped = true;
  out.why = std::move(why);
  return out;
}

} // namespace

std::optional<timing_spec> parse_timing(std::string_view text) {
  if (text == "immediate")
    return timing_spec{};
  if (text.starts_with("delay:")) {
    auto delay = parse_duration(trim(text.substr(6)));
    return delay ? std::optional{timing_spec{timing_spec::kind::delay, {}, *delay}} : std::nullopt;
  }
  return text.starts_with("at:") ? parse_at(text.substr(3)) : std::nullopt;
}

due_time resolve_timing(const timing_spec& timing, bool skip_late, const event& e, timestamp now) {
  due_time out;
  if (timing.what == timing_spec::kind::immediate)
    return out;
  if (timing.what == timing_spec::kind::delay) {
    out.at = timing.offset == duration{0} ? no_time : now + timing.offset;
    return out;
  }
  nlohmann::json scratch;
  const auto* value = find_path(e, timing.path, scratch);
  auto reference = value && value->is_string() ? parse_rfc3339(value->get_ref<const std::string&>())
                                               : std::nullopt;
  if (!reference)
    return skip(timing.path + " is not an RFC 3339 time");
  out.reference = *reference;
  out.at = *reference + timing.offset;
  if (out.at > now)
    return out;
  if (*reference <= now)
    return skip(timing.path + " is in the past");
  if (skip_late)
    return skip("its time is past already");
  out.at = no_time;
  return out;
}

} // namespace carillon
