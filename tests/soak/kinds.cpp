#include "tests/soak/kinds.hpp"

#include "tests/harness/setup.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace carillon::soak {

using nlohmann::json;

namespace {

struct crowd_shape {
  std::string_view prefix;
  unsigned size;
};
constexpr std::array<crowd_shape, 6> shapes{
    {{"m", 500}, {"h", 4}, {"n", 24}, {"f", 16}, {"x", 4}, {"r", 8}}};

json channels(std::string_view strategy, const json& list) {
  return {{"delivery", {{"strategy", strategy}, {"channels", list}}},
          {"content",
           {{"sms", {{"text", "{{data.text}}"}}},
            {"in_app", {{"title", "News"}, {"body", "{{data.text}}"}}}}}};
}

const json sms = {{"channel", "sms"}};
const json in_app = {{"channel", "in_app"}, {"until", "sent"}};

json in_time(json rule) {
  rule["timing"] = "at:data.at -1s";
  rule["correlation_key"] = "soak:{{data.key}}";
  return rule;
}

std::vector<event_kind> make_kinds() {
  const auto plain = json::object();
  const auto both = channels("all", json::array({sms, in_app}));
  const auto fallback = channels(
      "fallback",
      json::array({{{"channel", "sms"}, {"until", "delivered"}, {"timeout", "1500ms"}}, in_app}));
  const auto chain
      = channels("fallback", json::array({{{"channel", "in_app"}, {"timeout", "700ms"}}, sms}));
  const auto inbox = channels("fallback", json::array({in_app}));
  const json low = {{"category", "marketing"}, {"priority", nullptr}};
  const json urgent = {{"category", "realtime_alert"}, {"priority", nullptr}};
  auto expiring = in_time(plain);
  expiring["expires"] = "1500ms";
  return {
      {"soak.sms", 22, crowd::many, 1, 1, plain},
      {"soak.both", 18, crowd::many, 1, 1, both},
      {"soak.fallback", 10, crowd::many, 1, 1, fallback},
      {"soak.chain", 6, crowd::many, 1, 1, chain},
      {"soak.inbox", 5, crowd::many, 1, 1, inbox},
      {"soak.live", 12, crowd::readers, 1, 1, inbox},
      {"soak.later", 9, crowd::many, 0, 1, in_time(plain), true},
      {"soak.expiring", 3, crowd::many, 0, 1, expiring, true},
      {"soak.far", 1, crowd::many, 1, 1, {{"timing", "delay:72h"}}},
      {"soak.market", 4, crowd::many, 1, 1, low},
      {"soak.urgent", 3, crowd::many, 1, 1, urgent},
      {"soak.pair", 2, crowd::many, 3, 3, plain},
      {"soak.large", 1, crowd::many, 1, 1, both},
      {"soak.hot", 2, crowd::hot, 1, 1, plain},
      {"soak.night", 3, crowd::night, 1, 1, plain},
      {"soak.fickle", 3, crowd::fickle, 1, 1, both},
      {"soak.reachless", 1, crowd::reachless, 1, 1, plain},
      {"soak.unmatched", 1, crowd::many, 0, 0, nullptr},
  };
}

} // namespace

std::string name_of(crowd which, unsigned number) {
  return fmt::format("{}-{:04}", shapes[static_cast<std::size_t>(which)].prefix, number);
}

std::string phone_of(crowd which, unsigned number) {
  return fmt::format("+4366{}{:07}", static_cast<int>(which) + 1, number);
}

unsigned size_of(crowd which) {
  return shapes[static_cast<std::size_t>(which)].size;
}

const std::vector<event_kind>& event_kinds() {
  static const auto kinds = make_kinds();
  return kinds;
}

std::vector<named_rule> rules_of_kinds() {
  std::vector<named_rule> out;
  auto add = [&out](json body) {
    out.push_back({fmt::format("soak_{:02}", out.size()), std::move(body)});
  };
  const auto keys = json::array({"soak:{{data.key}}"});
  for (const auto& kind : event_kinds()) {
    if (kind.rule.is_null())
      continue;
    add(harness::sms_rule(kind.type, kind.rule));
    if (!kind.later)
      continue;
    add({{"event", kind.type + ".gone"}, {"notifications", json::array()}, {"cancels", keys}});
    auto moves = harness::sms_rule(kind.type, kind.rule);
    moves["event"] = kind.type + ".moved";
    moves["reschedules"] = keys;
    add(std::move(moves));
  }
  return out;
}

} // namespace carillon::soak
