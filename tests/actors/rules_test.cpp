#include "actors/rules/rules.hpp"

#include "actors/rules/condition.hpp"
#include "actors/rules/request.hpp"
#include "actors/rules/timing.hpp"
#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::test::monday;
using nlohmann::json;

namespace {

event event_of(json data, std::string type = "appointment.created") {
  event e;
  e.id = "e-1";
  e.source = "/clinic";
  e.type = std::move(type);
  e.subject = "p-9";
  e.data = std::make_shared<const json>(std::move(data));
  e.extensions = std::make_shared<const json>(json{{"region", "north"}});
  return e;
}

bool holds(const char* condition, const json& data) {
  problem_items problems;
  auto c = parse_condition(json::parse(condition), "/when", problems);
  REQUIRE(problems.empty());
  return carillon::holds(*c, event_of(data));
}

std::vector<std::string> rule_problems(const json& body) {
  problem_items problems;
  CHECK_FALSE(parse_rule("r", body, problems));
  std::vector<std::string> out;
  for (const auto& p : problems)
    out.push_back(p.pointer);
  return out;
}

json reminder_rule() {
  return json::parse(R"({"event":"appointment.created","when":{"==":["data.status","scheduled"]},
    "notifications":[{"type":"appointment_reminder_24h","category":"transactional","priority":"high",
      "template":"appointment_reminder","recipient":"data.patientId","timing":"at:data.startsAt -24h",
      "delivery":{"strategy":"fallback","channels":[{"channel":"sms","timeout":"30s"},{"channel":"email"}]},
      "expires":"30min","correlation_key":"appointment:{{data.appointmentId}}"}],
    "cancels":["appointment:{{data.appointmentId}}"]})");
}

const json appointment = {{"status", "scheduled"},
                          {"patientId", "p-1"},
                          {"appointmentId", 42},
                          {"startsAt", "2026-11-25T09:00:00Z"}};

/// The catalogue with this rule alone.
tenant_catalogue with_rule(const json& body) {
  problem_items problems;
  auto r = parse_rule("r", body, problems);
  for (const auto& p : problems)
    UNSCOPED_INFO(p.pointer << " " << p.message);
  REQUIRE(r);
  tenant_catalogue out;
  out.categories = default_categories();
  out.rules_by_event[r->event].push_back(r);
  return out;
}

matched match_one(const json& rule, const json& data) {
  return match(with_rule(rule), event_of(data), monday);
}

} // namespace

TEST_CASE("a condition compares, combines and looks for values") {
  json data{{"n", 5},       {"s", "b"},       {"t", true},
            {"z", nullptr}, {"list", {1, 2}}, {"o", {{"a", "x"}}}};
  CHECK(holds(R"({"==":["data.n",5]})", data));
  CHECK(holds(R"({"==":["data.n",5.0]})", data));
  CHECK_FALSE(holds(R"({"==":["data.n","5"]})", data));
  CHECK(holds(R"({"!=":["data.n",6]})", data));
  CHECK(holds(R"({"<":["data.n",6]})", data));
  CHECK_FALSE(holds(R"({"<":["data.s",6]})", data));
  CHECK(holds(R"({">=":["data.s","a"]})", data));
  CHECK(holds(R"({"in":["data.o.a",["x","y"]]})", data));
  CHECK(holds(R"({"exists":"data.list.1"})", data));
  CHECK_FALSE(holds(R"({"exists":"data.list.2"})", data));
  CHECK_FALSE(holds(R"({"exists":"data.z"})", data));
  CHECK(holds(R"({"==":["data.missing",null]})", data));
  CHECK(holds(
      R"({"and":[{"==":["data.t",true]},{"or":[{"==":["data.n",1]},{"!":{"==":["data.n",2]}}]}]})",
      data));
  CHECK(holds(R"({"not":[{"exists":["data.missing"]}]})", data));
}

TEST_CASE("a condition sees the event's attributes, and compares times as times") {
  CHECK(holds(R"({"==":["subject","p-9"]})", json::object()));
  CHECK(holds(R"({"==":["type","appointment.created"]})", json::object()));
  CHECK(holds(R"({"==":["source","/clinic"]})", json::object()));
  CHECK(holds(R"({"==":["region","north"]})", json::object()));
  CHECK(
      holds(R"({"<":["data.at","2026-01-01T12:00:00Z"]})", {{"at", "2026-01-01T12:30:00+01:00"}}));
}

TEST_CASE("a condition that is wrong is refused with its pointer") {
  auto pointer = [](const json& body) {
    problem_items problems;
    CHECK_FALSE(parse_condition(body, "/when", problems));
    return problems.at(0).pointer;
  };
  CHECK(pointer({{"~", {"data.a", 1}}}) == "/when/~0");
  CHECK(pointer({{"==", {"data.a"}}}) == "/when/==");
  CHECK(pointer({{"==", {"a b", 1}}}) == "/when/==/0");
  CHECK(pointer({{"<", {"data.a", true}}}) == "/when/</1");
  CHECK(pointer({{"in", {"data.a", 1}}}) == "/when/in/1");
  CHECK(pointer({{"and", json::array()}}) == "/when/and");
  CHECK(pointer({{"and", {{{"==", {"data.a", 1}}}, 5}}}) == "/when/and/1");
  json deep = {{"exists", "data.a"}};
  for (int i = 0; i < 20; ++i)
    deep = json{{"!", deep}};
  CHECK_FALSE(pointer(deep).empty());
}

TEST_CASE("timings are read and worked out") {
  CHECK(parse_timing("immediate")->what == timing_spec::kind::immediate);
  CHECK(parse_timing("delay:24h")->offset == 24h);
  CHECK(parse_timing("at:data.startsAt -24h")->offset == -24h);
  CHECK(parse_timing("at:data.startsAt +30min")->offset == 30min);
  CHECK(parse_timing("at:data.startsAt")->offset == 0s);
  for (const char* wrong :
       {"", "soon", "delay:", "delay:5", "at:", "at:data.x 5h", "at:data.x -5", "at:data..x"})
    CHECK_FALSE(parse_timing(wrong));
}

TEST_CASE(
    "an at in the past is sent at once while what it refers to is to come, and else left out") {
  auto resolve = [](const char* text, const char* when, bool skip_late) {
    return resolve_timing(*parse_timing(text), skip_late, event_of({{"t", when}}), monday);
  };
  CHECK(resolve("at:data.t -24h", "2026-11-25T09:00:00Z", false).at == monday + 24h);
  CHECK(resolve("at:data.t -24h", "2026-11-23T12:00:00Z", false).at == no_time);
  CHECK_FALSE(resolve("at:data.t -24h", "2026-11-23T12:00:00Z", false).skipped);
  CHECK(resolve("at:data.t -24h", "2026-11-23T12:00:00Z", true).skipped);
  CHECK(resolve("at:data.t -24h", "2026-11-23T08:00:00Z", false).skipped);
  CHECK(resolve("at:data.t", "tomorrow", false).skipped);
}

TEST_CASE("a rule becomes a planned item with its defaults") {
  auto m = match_one(reminder_rule(), appointment);
  REQUIRE(m.items.size() == 1);
  const auto& item = m.items[0];
  CHECK(m.any);
  CHECK(item.recipient.str() == "p-1");
  CHECK(item.at == priority::high);
  CHECK(item.send_at == monday + 24h);
  CHECK(item.expires_at == monday + 24h + 30min);
  CHECK(item.correlation_key == "appointment:42");
  CHECK(item.template_version == 0); // there is none: suppressed later, with that reason
  REQUIRE(item.steps.size() == 2);
  CHECK(item.steps[0] == planned_step{channel::sms, step_until::sent, hold_policy::wait, 30s});
  CHECK(m.cancels == std::vector<std::string>{"appointment:42"});
}

TEST_CASE("a rule whose condition does not hold means nothing") {
  auto data = appointment;
  data["status"] = "draft";
  auto m = match_one(reminder_rule(), data);
  CHECK_FALSE(m.any);
  CHECK(m.items.empty());
  CHECK(m.cancels.empty());
}

TEST_CASE("half a correlation key is no key") {
  auto data = appointment;
  data.erase("appointmentId");
  auto m = match_one(reminder_rule(), data);
  CHECK(m.items.at(0).correlation_key.empty());
  CHECK(m.cancels.empty());
  CHECK(m.skipped.size() == 2);
}

TEST_CASE("recipients come from a path, a list of paths, a list in the payload, a role or the "
          "subject, each once") {
  auto body = reminder_rule();
  auto ids = [&](const json& recipient, json data) {
    data.update(appointment);
    body["notifications"][0]["recipient"] = recipient;
    std::vector<std::string> out;
    for (const auto& item : match_one(body, data).items)
      out.push_back(item.role.empty() ? item.recipient.str() : "role " + item.role);
    return out;
  };
  using list = std::vector<std::string>;
  CHECK(ids("data.who", {{"who", 7}}) == list{"7"});
  CHECK(ids("data.who", {{"who", {"a", "b", "a"}}}) == list{"a", "b"});
  CHECK(ids({"data.who", "data.patientId"}, {{"who", "a"}}) == list{"a", "p-1"});
  CHECK(ids({{"role", "inventory_manager"}}, json::object()) == list{"role inventory_manager"});
  CHECK(ids(nullptr, json::object()) == list{"p-9"});
  CHECK(ids("data.nobody", json::object()).empty());
}

TEST_CASE("in-app and critical steps are confirmed, others sent, unless the rule says so") {
  auto body = reminder_rule();
  auto& n = body["notifications"][0];
  n["priority"] = "critical";
  n["delivery"]["channels"]
      = {{{"channel", "sms"}}, {{"channel", "email"}, {"until", "sent"}}, "in_app"};
  auto m = match_one(body, appointment);
  CHECK(m.items[0].steps[0].until == step_until::delivered);
  CHECK(m.items[0].steps[1].until == step_until::sent);
  CHECK(m.items[0].steps[2].on == channel::in_app);
}

TEST_CASE("what is wrong with a rule is said with its pointer") {
  using list = std::vector<std::string>;
  auto changed = [](auto change) {
    auto body = reminder_rule();
    change(body, body["notifications"][0]);
    return rule_problems(body);
  };
  CHECK(changed([](json& r, json&) { r.erase("event"); }) == list{"/event"});
  CHECK(changed([](json& r, json&) { r["evnt"] = 1; }) == list{"/evnt"});
  CHECK(changed([](json&, json& n) { n["category"] = "gossip"; })
        == list{"/notifications/0/category"});
  CHECK(changed([](json&, json& n) { n["timing"] = "soon"; }) == list{"/notifications/0/timing"});
  CHECK(changed([](json&, json& n) {
          n["recipient"] = {{"segment", "vip"}};
        })
        == list{"/notifications/0/recipient/segment"});
  CHECK(changed([](json&, json& n) { n["recipient"] = "a b"; })
        == list{"/notifications/0/recipient"});
  CHECK(changed([](json&, json& n) { n["delivery"]["channels"][1]["channel"] = "fax"; })
        == list{"/notifications/0/delivery/channels/1/channel"});
  CHECK(changed([](json&, json& n) { n["expires"] = "soon"; }) == list{"/notifications/0/expires"});
  CHECK(changed([](json&, json& n) { n["correlation_key"] = "a:{{b"; })
        == list{"/notifications/0/correlation_key"});
  CHECK(changed([](json&, json& n) {
          n["content"] = {{"sms", {{"text", "{{#a}}"}}}};
        })
        == list{"/notifications/0/content/sms/text"});
  CHECK(changed([](json&, json& n) { n.erase("template"); }) == list{"/notifications/0/template"});
  CHECK(rule_problems({{"event", "x"}}) == list{"/notifications"});
}

TEST_CASE("a reminder that names no expiry ends when what it reminds of begins") {
  auto body = reminder_rule();
  body["notifications"][0].erase("expires");
  CHECK(match_one(body, appointment).items[0].expires_at == monday + 48h);
}

TEST_CASE("a direct request is planned with its own content") {
  problem_items problems;
  tenant_catalogue catalogue;
  catalogue.categories = default_categories();
  auto r = parse_notification_request(
      json::parse(R"({"recipient_id":"p-1","type":"note","category":"marketing",
      "content":{"sms":{"text":"hi"},"email":{"subject":"s","text":"t"}},"data":{"a":1},
      "send_at":"2026-11-23T10:00:00Z","expires_at":"2026-11-23T12:00:00Z","correlation_key":"k"})"),
      catalogue, monday, problems);
  REQUIRE(r);
  CHECK(r->item.at == priority::low);
  CHECK(r->item.send_at == monday + 1h);
  CHECK(r->item.steps.size() == 2);
  CHECK(r->item.steps[0].on == channel::email);
  CHECK((*r->data)["a"] == 1);
}

TEST_CASE("a direct request that is wrong is refused with its pointers") {
  tenant_catalogue catalogue;
  catalogue.categories = default_categories();
  auto pointers = [&](const json& body) {
    problem_items problems;
    CHECK_FALSE(parse_notification_request(body, catalogue, monday, problems));
    std::vector<std::string> out;
    for (const auto& p : problems)
      out.push_back(p.pointer);
    return out;
  };
  using list = std::vector<std::string>;
  json content = {{"sms", {{"text", "hi"}}}};
  CHECK(pointers(json::object()) == list{"/recipient_id", "/category", "/content"});
  CHECK(pointers({{"recipient_id", "p"}, {"category", "marketing"}, {"template", "none"}})
        == list{"/template"});
  CHECK(
      pointers({{"recipient_id", "p"}, {"category", "marketing"}, {"content", content}, {"to", 1}})
      == list{"/to"});
  CHECK(pointers({{"recipient_id", "p"},
                  {"category", "marketing"},
                  {"content", content},
                  {"expires_at", "2026-11-23T08:00:00Z"}})
        == list{"/expires_at"});
  CHECK(pointers({{"recipient_id", "p"},
                  {"category", "marketing"},
                  {"content", content},
                  {"send_at", "soon"}})
        == list{"/send_at"});
}
