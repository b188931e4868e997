#include "actors/profile/preferences_json.hpp"

#include "actors/profile/contact_points.hpp"
#include "actors/support/json_reader.hpp"
#include "actors/support/zones.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;
using std::chrono::minutes;

const std::vector<std::string_view> frequencies{"immediate", "real_time", "daily",
                                                "weekly",    "biweekly",  "monthly",
                                                "quarterly", "yearly",    "never"};
const std::vector<std::string_view> digests{"real_time", "daily_digest", "weekly_digest"};

std::optional<minutes> read_clock(object_reader& in, std::string_view name) {
  auto text = in.text(name, 8);
  if (text.empty())
    return std::nullopt;
  auto digit
      = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  if (text.size() == 5 && text[2] == ':') {
    auto h = digit(0) * 10 + digit(1);
    auto m = digit(3) * 10 + digit(4);
    if (h < 24 && m < 60)
      return minutes{h * 60 + m};
  }
  in.problem(name, "must be a time of day from 00:00 to 23:59");
  return std::nullopt;
}

std::map<category, bool> read_categories(object_reader& outer, std::string_view name) {
  std::map<category, bool> out;
  const auto* body = outer.object(name);
  if (!body)
    return out;
  object_reader in{*body, outer.pointer_to(name), outer.problems()};
  for (const auto& [key, value] : body->items()) {
    auto which = parse_enum<category>(key);
    auto on = in.boolean(key);
    if (!which)
      in.problem(key, "unknown category");
    else if (on)
      out[*which] = *on;
  }
  return out;
}

void read_channels(object_reader& outer, preferences& layer) {
  const auto* body = outer.object("channels");
  if (!body)
    return;
  object_reader in{*body, outer.pointer_to("channels"), outer.problems()};
  for (const auto& [key, value] : body->items()) {
    auto which = parse_enum<channel>(key);
    const auto* member = in.object(key);
    if (!which)
      in.problem(key, "unknown channel");
    if (!which || !member)
      continue;
    object_reader one{*member, in.pointer_to(key), outer.problems()};
    auto& out = layer.channels[*which];
    out.enabled = one.boolean("enabled");
    out.categories = read_categories(one, "categories");
    one.refuse_others();
  }
}

void read_quiet_hours(object_reader& outer, preferences& layer) {
  const auto* body = outer.object("quiet_hours");
  if (!body)
    return;
  object_reader in{*body, outer.pointer_to("quiet_hours"), outer.problems()};
  quiet_hours out;
  out.enabled = in.boolean("enabled");
  out.start = read_clock(in, "start");
  out.end = read_clock(in, "end");
  if (out.start && out.start == out.end)
    in.problem("end", "must differ from start");
  out.timezone = in.text("timezone", 64);
  if (!out.timezone.empty() && !find_zone(out.timezone))
    in.problem("timezone", "must be an IANA time zone such as America/New_York");
  out.channels = in.choices<channel>("channels");
  out.exceptions = in.texts("exceptions");
  in.refuse_others();
  layer.quiet_hours = std::move(out);
}

void read_do_not_disturb(object_reader& outer, preferences& layer) {
  const auto* body = outer.object("do_not_disturb");
  if (!body)
    return;
  object_reader in{*body, outer.pointer_to("do_not_disturb"), outer.problems()};
  do_not_disturb out;
  out.enabled = in.boolean("enabled").value_or(true);
  out.until = in.time("until").value_or(no_time);
  in.refuse_others();
  layer.do_not_disturb = out;
}

std::map<std::string, std::string> read_words(object_reader& outer, std::string_view name,
                                              const std::vector<std::string_view>& allowed) {
  std::map<std::string, std::string> out;
  const auto* body = outer.object(name);
  if (!body)
    return out;
  object_reader in{*body, outer.pointer_to(name), outer.problems()};
  for (const auto& [key, value] : body->items()) {
    if (!parse_enum<category>(key))
      in.problem(key, "unknown category");
    auto word = in.text(key, 64);
    if (word.empty())
      continue;
    if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
      in.problem(key, fmt::format("must be one of {}", fmt::join(allowed, " ")));
    out[key] = word;
  }
  return out;
}

json to_json(const std::map<category, bool>& categories) {
  auto out = json::object();
  for (auto [which, on] : categories)
    out[std::string{to_string(which)}] = on;
  return out;
}

json names_of(const std::vector<channel>& channels) {
  auto out = json::array();
  for (auto c : channels)
    out.push_back(to_string(c));
  return out;
}

json to_json(const quiet_hours& hours) {
  auto out = json::object();
  if (hours.enabled)
    out["enabled"] = *hours.enabled;
  if (hours.start)
    out["start"] = to_clock_text(*hours.start);
  if (hours.end)
    out["end"] = to_clock_text(*hours.end);
  if (!hours.timezone.empty())
    out["timezone"] = hours.timezone;
  if (hours.channels)
    out["channels"] = names_of(*hours.channels);
  if (hours.exceptions)
    out["exceptions"] = *hours.exceptions;
  return out;
}

json to_json(const channel_switch& one) {
  auto out = json::object();
  if (one.enabled)
    out["enabled"] = *one.enabled;
  if (!one.categories.empty())
    out["categories"] = to_json(one.categories);
  return out;
}

} // namespace

std::string to_clock_text(minutes of_day) {
  return fmt::format("{:02}:{:02}", of_day.count() / 60, of_day.count() % 60);
}

preferences parse_preferences(const json& body, problem_items& problems) {
  preferences layer;
  object_reader in{body, "", problems};
  layer.global_opt_out = in.boolean("global_opt_out");
  read_channels(in, layer);
  layer.categories = read_categories(in, "categories");
  read_quiet_hours(in, layer);
  read_do_not_disturb(in, layer);
  layer.frequency = read_words(in, "frequency", frequencies);
  layer.digest = read_words(in, "digest", digests);
  if (auto language = in.text("language", 64); !language.empty()) {
    if (!is_locale(language))
      in.problem("language", "must be a language tag such as en or es-MX");
    layer.language = language;
  }
  layer.preferred_channels = in.choices<channel>("preferred_channels");
  in.refuse_others();
  return layer;
}

json to_json(const preferences& layer) {
  auto out = json::object();
  if (layer.global_opt_out)
    out["global_opt_out"] = *layer.global_opt_out;
  for (const auto& [which, one] : layer.channels)
    out["channels"][std::string{to_string(which)}] = to_json(one);
  if (!layer.categories.empty())
    out["categories"] = to_json(layer.categories);
  if (layer.quiet_hours)
    out["quiet_hours"] = to_json(*layer.quiet_hours);
  if (layer.do_not_disturb) {
    auto until = layer.do_not_disturb->until;
    out["do_not_disturb"] = {{"enabled", layer.do_not_disturb->enabled},
                             {"until", until == no_time ? json{} : json(to_rfc3339(until))}};
  }
  if (!layer.frequency.empty())
    out["frequency"] = layer.frequency;
  if (!layer.digest.empty())
    out["digest"] = layer.digest;
  if (layer.language)
    out["language"] = *layer.language;
  if (layer.preferred_channels)
    out["preferred_channels"] = names_of(*layer.preferred_channels);
  return out;
}

preferences patch_preferences(const preferences& layer, const json& patch,
                              problem_items& problems) {
  if (!patch.is_object()) {
    problems.push_back({"", "must be an object"});
    return layer;
  }
  return parse_preferences(merge_patch(to_json(layer), patch), problems);
}

} // namespace carillon
