#include "tests/soak/client.hpp"

#include "tests/harness/setup.hpp"

#include <fmt/format.h>

#include <array>
#include <numeric>

namespace carillon::soak {

using namespace std::chrono_literals;
using harness::http_client;
using harness::http_reply;

namespace {

const event_kind& any_kind(std::mt19937_64& dice) {
  const auto& kinds = event_kinds();
  static const auto total
      = std::accumulate(kinds.begin(), kinds.end(), 0U,
                        [](unsigned sum, const event_kind& each) { return sum + each.weight; });
  auto left = static_cast<unsigned>(dice() % total);
  for (const auto& each : kinds) {
    if (left < each.weight)
      return each;
    left -= each.weight;
  }
  return kinds.front();
}

std::vector<std::string> ids_of(const nlohmann::json& answer) {
  std::vector<std::string> out;
  for (const auto& item : answer.at("notifications"))
    out.push_back(item.at("id"));
  return out;
}

const harness::header_list one_event{{"Content-Type", "application/cloudevents+json"}};
const harness::header_list many_events{{"Content-Type", "application/cloudevents-batch+json"}};

} // namespace

client::client(const scene& about, diary& told, std::uint64_t seed, unsigned number,
               const std::atomic<bool>& given_up)
    : scene_(about), told_(told), dice_(seed * 1'000 + number), name_(fmt::format("c{}", number)),
      given_up_(given_up), api_(about.client()) {}

void client::act() {
  struct deed {
    unsigned weight;
    void (client::*what)();
  };
  static constexpr std::array<deed, 10> deeds{{{78, &client::post_event},
                                               {6, &client::repeat_event},
                                               {3, &client::post_batch},
                                               {4, &client::post_direct},
                                               {3, &client::cancel},
                                               {2, &client::take_back},
                                               {2, &client::move},
                                               {1, &client::switch_sms},
                                               {2, &client::post_nonsense},
                                               {3, &client::look}}};
  ++told_.requests;
  auto left = below(104);
  for (const auto& each : deeds) {
    if (left < each.weight)
      return (this->*each.what)();
    left -= each.weight;
  }
}

std::optional<http_reply> client::insist(const std::function<http_reply(http_client&)>& send) {
  while (!given_up_) {
    try {
      auto reply = send(api_);
      if (reply.status != 503 && reply.status != 429)
        return reply;
      ++told_.refused;
    } catch (const harness::connection_lost&) {
      ++told_.cut;
    }
    harness::pause(20ms + std::chrono::milliseconds{below(60)});
  }
  told_.complain(name_ + ": a request was never answered");
  return std::nullopt;
}

std::string client::fresh(std::string_view prefix) {
  return fmt::format("{}{}-{}", prefix, name_, ++last_);
}

std::string client::person(crowd which) {
  return name_of(which, below(size_of(which)));
}

std::string client::in(std::chrono::milliseconds from_now) const {
  return to_rfc3339(scene_.now() + from_now);
}

// -- events ---------------------------------------------------------------------------------------

nlohmann::json client::data_of(const event_kind& kind) {
  json data = {{"who", person(kind.who)}, {"text", fresh("soak ")}};
  if (kind.most == 3)
    data["who"]
        = json::array({name_of(crowd::many, below(100)), name_of(crowd::many, 100 + below(100)),
                       name_of(crowd::many, 200 + below(100))});
  if (kind.type == "soak.large")
    data["enclosure"] = std::string(70'000 + below(120'000), 'x');
  if (kind.later) {
    data["key"] = fresh("k-");
    data["at"] = in(1s + std::chrono::milliseconds{below(25'000)});
  }
  return data;
}

nlohmann::json client::new_event(const event_kind& kind) {
  return harness::cloud_event(kind.type, fresh("e-"), data_of(kind));
}

void client::post_event() {
  const auto& kind = any_kind(dice_);
  tell(new_event(kind), kind.least, kind.most, kind.later);
}

void client::tell(const json& event, std::size_t least, std::size_t most, bool later) {
  const auto text = event.dump();
  const auto reply
      = insist([&](http_client& api) { return api.send("POST", "/v1/events", text, one_event); });
  if (!reply)
    return;
  if (reply->status != 202)
    return told_.complain(
        fmt::format("{} was answered {}: {}", event["type"].dump(), reply->status, reply->body));
  const auto answer = reply->json();
  take_answer(event, answer, least, most);
  if (later && !answer["notifications"].empty())
    told_.may_be_moved(answer["notifications"][0]["id"], event["data"]["key"]);
}

void client::take_answer(const json& event, const json& answer, std::size_t least,
                         std::size_t most) {
  const auto ids = ids_of(answer);
  if (ids.size() < least || ids.size() > most)
    told_.complain(fmt::format("{} {} has {} notifications", event["type"].dump(),
                               event["id"].dump(), ids.size()));
  told_.accepted(event, ids, dice_);
}

void client::post_batch() {
  std::vector<const event_kind*> kinds;
  auto events = json::array();
  for (unsigned i = 0, count = 2 + below(12); i < count; ++i) {
    kinds.push_back(&any_kind(dice_));
    events.push_back(new_event(*kinds.back()));
  }
  const auto bad = below(static_cast<unsigned>(kinds.size()));
  events[bad].erase("source"); // one is not an event: the others go on
  while (!given_up_) {
    const auto reply
        = insist([&](http_client& api) { return api.post("/v1/events", events, many_events); });
    if (!reply || reply->status != 202)
      return told_.complain("a batch was answered " + (reply ? reply->body : "never"));
    const auto items = reply->json().at("items");
    bool again = false;
    for (std::size_t i = 0; i < items.size(); ++i)
      again |= items[i].value("status", 0) == 503;
    if (again)
      continue;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].contains("notifications"))
        take_answer(events[i], items[i], kinds[i]->least, kinds[i]->most);
      else if (i != bad)
        told_.complain("in a batch: " + items[i].dump());
    return;
  }
}

void client::repeat_event() {
  const auto before = told_.any_event(dice_);
  if (before.event.is_null())
    return;
  const auto reply
      = insist([&](http_client& api) { return harness::post_event(api, before.event); });
  if (!reply)
    return;
  ++told_.repeats;
  if (reply->status != 202 || ids_of(reply->json()) != before.ids)
    told_.complain(fmt::format("{} repeated: {} {}, before {}", before.event["id"].dump(),
                               reply->status, reply->body, json(before.ids).dump()));
}

// -- other calls ----------------------------------------------------------------------------------

void client::post_direct() {
  const json body = {{"recipient_id", person(crowd::many)},
                     {"type", "note"},
                     {"category", "transactional"},
                     {"delivery", {{"channels", json::array({{{"channel", "sms"}}})}}},
                     {"content", {{"sms", {{"text", fresh("direct ")}}}}}};
  const harness::header_list key{{"Idempotency-Key", fresh("key-")}};
  for (auto patience = harness::deadline{60s}; !patience.passed() && !given_up_;) {
    const auto reply
        = insist([&](http_client& api) { return api.post("/v1/notifications", body, key); });
    if (!reply)
      return;
    if (reply->status == 202)
      return told_.accepted_direct(reply->json().at("id"));
    if (reply->status != 409) // 409: the first one, whose connection was cut, still runs
      return told_.complain("a direct message was answered " + reply->body);
    harness::pause(100ms);
  }
  told_.complain("a direct message with " + key[0].second + " was answered 409 for a minute");
}

void client::cancel() {
  const auto which = told_.any_movable(dice_);
  if (which.id.empty())
    return;
  const auto reply = insist([&](http_client& api) {
    return api.send("POST", "/v1/notifications/" + which.id + "/cancel");
  });
  if (!reply)
    return;
  if (reply->status != 200)
    return told_.complain("a cancel was answered " + reply->body);
  told_.cancelled(which.id, reply->json().at("result"));
}

void client::take_back() {
  const auto which = told_.any_movable(dice_);
  if (!which.id.empty())
    tell(harness::cloud_event("soak.later.gone", fresh("g-"), {{"key", which.key}}), 0, 0, false);
}

void client::move() {
  const auto which = told_.any_movable(dice_);
  if (which.id.empty())
    return;
  const json data = {{"who", person(crowd::many)},
                     {"text", fresh("moved ")},
                     {"key", which.key},
                     {"at", in(1s + std::chrono::milliseconds{below(40'000)})}};
  tell(harness::cloud_event("soak.later.moved", fresh("v-"), data), 0, 1, false);
}

void client::switch_sms() {
  const auto target = "/v1/recipients/" + person(crowd::fickle) + "/preferences";
  const json body = {{"channels", {{"sms", {{"enabled", below(2) == 0}}}}}};
  const auto reply = insist([&](http_client& api) { return api.put(target, body); });
  if (reply && reply->status != 200)
    told_.complain("preferences were answered " + reply->body);
}

void client::post_nonsense() {
  static const std::array<std::pair<std::string_view, int>, 5> nonsense{
      {{"{\"specversion\":\"1.0\",", 400},
       {R"({"specversion":"1.0","id":"x","type":"soak.sms","data":{}})", 400},
       {R"({"specversion":"0.3","id":"x","source":"/soak","type":"soak.sms"})", 400},
       {R"({"specversion":"1.0","id":"x","source":"/soak","type":"soak.sms","data":[1]})", 400},
       {"[1]", 400}}};
  const auto& [text, wanted] = nonsense[below(nonsense.size())];
  const auto body = text;
  const auto reply
      = insist([&](http_client& api) { return api.send("POST", "/v1/events", body, one_event); });
  if (!reply)
    return;
  if (reply->status / 100 == 4)
    ++told_.rejected;
  else
    told_.complain(fmt::format("{} was answered {}", body, reply->status));
}

void client::look() {
  const auto some = told_.any_event(dice_);
  if (some.ids.empty())
    return;
  static constexpr std::array<std::string_view, 3> views{"", "/timeline", "/explain"};
  const auto target = fmt::format("/v1/notifications/{}{}", some.ids[0], views[below(3)]);
  const auto reply = insist([&](http_client& api) { return api.get(target); });
  if (reply && reply->status != 200)
    told_.complain(fmt::format("{} was answered {}: {}", target, reply->status, reply->body));
}

} // namespace carillon::soak
