#include "actors/preference_gate/preference_gate.hpp"

#include "actors/preference_gate/checks.hpp"
#include "actors/preference_gate/quiet_window.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/rate_limiter/rate_limiter.hpp"
#include "actors/support/zones.hpp"
#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>
#include <date/tz.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::test::monday;
using nlohmann::json;

namespace {

const tenant_id tenant{"t"};
const recipient_id somebody{"p"};

preferences_ptr layer_of(const json& body) {
  problem_items problems;
  auto out = std::make_shared<const preferences>(parse_preferences(body, problems));
  REQUIRE(problems.empty());
  return out;
}

/// A recipient, the layers around it, and questions.
struct gate_world {
  preference_gate_model model;
  tenant_catalogue catalogue;

  gate_world() {
    catalogue.categories = default_categories();
    catalogue.global = std::make_shared<const preferences>();
  }

  template <class Fact>
  gate_world& fold(Fact body) {
    applied_fact f;
    f.tenant = tenant;
    f.body = std::make_shared<const fact>(std::move(body));
    model.apply(f);
    return *this;
  }

  gate_world& profile(std::string zone, std::string organization = {}, std::string provider = {}) {
    return fold(recipient_changed{
        somebody, 1, std::move(zone), std::move(organization), std::move(provider), {}, 0});
  }

  gate_world& own(const json& body) {
    return fold(preferences_changed{somebody, 1, body.dump()});
  }

  gate_world& consent(channel on, const char* purpose, const char* what) {
    return fold(consent_recorded{somebody, on, purpose, what, {}, {}, {}});
  }

  step_verdict ask(category in, channel on = channel::sms, timestamp now = monday,
                   std::string type = "x") {
    assessment a;
    a.tenant = tenant;
    a.recipient = somebody;
    a.type = std::move(type);
    a.in = in;
    a.now = now;
    a.steps.emplace_back().on = on;
    model.decide(catalogue, a);
    return a.steps.front();
  }
};

const json night = {{"quiet_hours", {{"enabled", true}, {"start", "22:00"}, {"end", "08:00"}}}};

timestamp at(const char* text) {
  return parse_rfc3339(text).value();
}

} // namespace

TEST_CASE("nothing set means nothing held") {
  gate_world w;
  for (std::size_t c = 0; c < enum_count<category>; ++c)
    CHECK(w.ask(static_cast<category>(c)).says == verdict::pass);
  auto v = w.ask(category::marketing);
  for (const auto& c : gate_checks)
    CHECK((v.passed & (1U << static_cast<unsigned>(c.name))) != 0);
}

TEST_CASE("a channel that is off binds every category but an emergency") {
  gate_world w;
  w.own({{"channels", {{"sms", {{"enabled", false}}}}}});
  auto v = w.ask(category::transactional);
  CHECK(v.says == verdict::suppress);
  CHECK(v.why == reason::channel_disabled);
  CHECK(v.by == check::channel_switch);
  CHECK(v.from == layer::recipient);
  CHECK(w.ask(category::transactional, channel::email).says == verdict::pass);
  auto e = w.ask(category::emergency);
  CHECK(e.says == verdict::pass);
  CHECK(e.why == reason::channel_disabled); // on record
}

TEST_CASE("categories without opt-out ignore category switches and the global opt-out") {
  gate_world w;
  w.own(
      {{"global_opt_out", true}, {"categories", {{"transactional", false}, {"marketing", false}}}});
  CHECK(w.ask(category::transactional).says == verdict::pass);
  CHECK(w.ask(category::clinical).says == verdict::pass);
  CHECK(w.ask(category::marketing).why == reason::global_opt_out);
  w.own({{"categories", {{"marketing", false}}}});
  CHECK(w.ask(category::marketing).why == reason::category_disabled);
  CHECK(w.ask(category::review).says == verdict::pass);
}

TEST_CASE("a category can be off on one channel alone") {
  gate_world w;
  w.own({{"channels", {{"sms", {{"enabled", true}, {"categories", {{"marketing", false}}}}}}}});
  CHECK(w.ask(category::marketing).why == reason::category_disabled);
  CHECK(w.ask(category::marketing, channel::email).says == verdict::pass);
}

TEST_CASE("the most specific layer wins, field by field") {
  gate_world w;
  w.profile("", "clinic", "doctor");
  w.catalogue.global = layer_of({{"categories", {{"marketing", false}, {"review", false}}}});
  w.catalogue.organizations["clinic"] = layer_of({{"categories", {{"marketing", true}}}});
  CHECK(w.ask(category::marketing).says == verdict::pass);
  CHECK(w.ask(category::review).from == layer::global);
  w.catalogue.providers["doctor"] = layer_of({{"categories", {{"marketing", false}}}});
  CHECK(w.ask(category::marketing).from == layer::provider);
  w.own({{"categories", {{"marketing", true}, {"review", true}}}});
  CHECK(w.ask(category::marketing).says == verdict::pass);
  CHECK(w.ask(category::review).says == verdict::pass);
}

TEST_CASE("an opt-out of a channel binds everything, one of marketing what may be opted out of, "
          "until it is taken back") {
  gate_world w;
  w.consent(channel::sms, "marketing", "opted_out");
  CHECK(w.ask(category::marketing).why == reason::opted_out);
  CHECK(w.ask(category::transactional).says == verdict::pass);
  w.consent(channel::sms, "transactional", "opted_out");
  CHECK(w.ask(category::transactional).why == reason::opted_out);
  CHECK(w.ask(category::transactional, channel::email).says == verdict::pass);
  w.consent(channel::sms, "transactional", "opted_in");
  CHECK(w.ask(category::transactional).says == verdict::pass);
}

TEST_CASE("do-not-disturb holds until its end") {
  gate_world w;
  w.own({{"do_not_disturb", {{"enabled", true}, {"until", "2026-11-23T10:00:00Z"}}}});
  auto v = w.ask(category::transactional);
  CHECK(v.says == verdict::hold);
  CHECK(v.until == monday + 1h);
  CHECK(w.ask(category::transactional, channel::in_app).says == verdict::pass);
  CHECK(w.ask(category::emergency).says == verdict::pass);
  CHECK(w.ask(category::transactional, channel::sms, monday + 1h).says == verdict::pass);
  w.own({{"do_not_disturb", {{"enabled", true}}}});
  CHECK(w.ask(category::transactional).until == monday + 1h); // looked at again
}

TEST_CASE("quiet hours hold until the window ends on the recipient's clock") {
  gate_world w;
  w.profile("America/New_York").own(night);
  auto v = w.ask(category::transactional, channel::sms, at("2026-11-23T04:30:00Z"));
  CHECK(v.says == verdict::hold);
  CHECK(v.why == reason::quiet_hours);
  CHECK(v.until == at("2026-11-23T13:00:00Z"));
  CHECK(v.inputs == "22:00-08:00 America/New_York");
  CHECK(w.ask(category::transactional, channel::sms, at("2026-11-23T13:00:00Z")).says
        == verdict::pass);
  CHECK(w.ask(category::transactional, channel::sms, at("2026-11-23T02:59:59Z")).says
        == verdict::pass);
  CHECK(w.ask(category::realtime_alert, channel::sms, at("2026-11-23T04:30:00Z")).says
        == verdict::pass);
  CHECK(w.ask(category::emergency, channel::sms, at("2026-11-23T04:30:00Z")).says == verdict::pass);
}

TEST_CASE("in-app is held by quiet hours only if it is named") {
  gate_world w;
  auto midnight = at("2026-11-23T00:30:00Z");
  w.profile("UTC").own(night);
  CHECK(w.ask(category::transactional, channel::in_app, midnight).says == verdict::pass);
  auto named = night;
  named["quiet_hours"]["channels"] = {"in_app"};
  w.own(named);
  CHECK(w.ask(category::transactional, channel::in_app, midnight).says == verdict::hold);
  CHECK(w.ask(category::transactional, channel::sms, midnight).says == verdict::pass);
}

TEST_CASE("quiet hours make exceptions by category or type") {
  gate_world w;
  auto body = night;
  body["quiet_hours"]["exceptions"] = {"clinical", "appointment_reminder_2h"};
  w.profile("UTC").own(body);
  auto midnight = at("2026-11-23T00:30:00Z");
  CHECK(w.ask(category::clinical, channel::sms, midnight).says == verdict::pass);
  CHECK(w.ask(category::transactional, channel::sms, midnight, "appointment_reminder_2h").says
        == verdict::pass);
  CHECK(w.ask(category::transactional, channel::sms, midnight).says == verdict::hold);
}

TEST_CASE("the zone is the preference's own, else the profile's, else a wider layer's, else UTC "
          "and said so") {
  gate_world w;
  auto with_zone = [](const char* zone) {
    auto body = night;
    body["quiet_hours"]["timezone"] = zone;
    return body;
  };
  auto now = at("2026-11-23T23:30:00Z");
  auto inputs = [&] { return w.ask(category::transactional, channel::sms, now).inputs; };
  w.own(night);
  CHECK(inputs() == "22:00-08:00 UTC (no zone known)");
  w.catalogue.global = layer_of(with_zone("Europe/London"));
  CHECK(inputs() == "22:00-08:00 Europe/London");
  w.profile("Europe/Lisbon");
  CHECK(inputs() == "22:00-08:00 Europe/Lisbon");
  w.own(with_zone("Africa/Abidjan"));
  CHECK(inputs() == "22:00-08:00 Africa/Abidjan");
}

TEST_CASE("quiet hours are merged member by member over the layers") {
  gate_world w;
  w.profile("UTC", "clinic");
  w.catalogue.organizations["clinic"] = layer_of(night);
  auto midnight = at("2026-11-23T00:30:00Z");
  CHECK(w.ask(category::transactional, channel::sms, midnight).from == layer::organization);
  w.own({{"quiet_hours", {{"end", "00:15"}}}});
  CHECK(w.ask(category::transactional, channel::sms, midnight).says == verdict::pass);
  w.own({{"quiet_hours", {{"enabled", false}}}});
  CHECK(w.ask(category::transactional, channel::sms, at("2026-11-23T23:00:00Z")).says
        == verdict::pass);
}

TEST_CASE("an erased recipient is forgotten") {
  gate_world w;
  w.own({{"channels", {{"sms", {{"enabled", false}}}}}}).fold(recipient_erased{somebody});
  CHECK(w.ask(category::transactional).says == verdict::pass);
  CHECK(w.model.find(tenant, somebody) == nullptr);
}

TEST_CASE("a hold ends at the edge across a gap and an overlap") {
  const auto& zone = *find_zone("America/New_York");
  // 2026-03-08: 02:00 becomes 03:00. A window to 02:30 ends at the jump.
  CHECK(leave_window(zone, 22h, 2h + 30min, at("2026-03-08T06:00:00Z"))
        == at("2026-03-08T07:00:00Z"));
  CHECK(leave_window(zone, 22h, 8h, at("2026-03-08T06:00:00Z")) == at("2026-03-08T12:00:00Z"));
  // 2026-11-01: 02:00 becomes 01:00. A window to 01:30 ends at the first 01:30, and is on again at
  // the second 01:00.
  CHECK(leave_window(zone, 22h, 1h + 30min, at("2026-11-01T05:00:00Z"))
        == at("2026-11-01T05:30:00Z"));
  CHECK_FALSE(in_window(zone, 22h, 1h + 30min, at("2026-11-01T05:45:00Z")));
  CHECK(in_window(zone, 22h, 1h + 30min, at("2026-11-01T06:15:00Z")));
  CHECK(leave_window(zone, 22h, 8h, at("2026-11-01T05:00:00Z")) == at("2026-11-01T13:00:00Z"));
}

TEST_CASE(
    "in every zone and around every change, a hold ends at the first instant outside the window") {
  const auto& zones = date::get_tzdb().zones;
  auto ok = rc::check([&] {
    const auto& zone = zones[*rc::gen::inRange<std::size_t>(0, zones.size())];
    std::chrono::minutes start{*rc::gen::inRange(0, 1440)};
    std::chrono::minutes end{*rc::gen::inRange(0, 1440)};
    RC_PRE(start != end);
    auto seconds = *rc::gen::inRange<std::int64_t>(1'700'000'000, 2'100'000'000);
    timestamp now{std::chrono::seconds{seconds}};
    if (*rc::gen::inRange(0, 3) != 0) { // two of three close to a change
      auto change = zone.get_info(std::chrono::floor<std::chrono::seconds>(now)).end;
      if (change < date::sys_seconds{std::chrono::seconds{2'140'000'000}})
        now = timestamp{change} + std::chrono::minutes{*rc::gen::inRange(-1500, 1500)};
    }
    auto until = leave_window(zone, start, end, now);
    RC_ASSERT(until >= now);
    RC_ASSERT(until - now <= 48h);
    RC_ASSERT(!in_window(zone, start, end, until));
    RC_ASSERT((until == now) == !in_window(zone, start, end, now));
    // Every minute and the last microsecond before are inside.
    for (auto t = now; t < until; t += 1min)
      RC_ASSERT(in_window(zone, start, end, t));
    if (until > now)
      RC_ASSERT(in_window(zone, start, end, until - 1us));
  });
  CHECK(ok);
}

TEST_CASE("resolved preferences name the layer of each field") {
  gate_world w;
  w.profile("", "clinic").own({{"quiet_hours", {{"end", "07:00"}}}});
  w.catalogue.organizations["clinic"] = layer_of(night);
  auto out = w.model.resolved(w.catalogue, tenant, somebody);
  CHECK(out["quiet_hours"]["end"] == "07:00");
  CHECK(out["quiet_hours"]["start"] == "22:00");
  CHECK(out["layers"]["/quiet_hours/end"] == "recipient");
  CHECK(out["layers"]["/quiet_hours/start"] == "organization");
}

namespace {

/// A ledger of one recipient in a few numbers, folded in order.
void fold(gate_world& w, const std::vector<int>& ledger) {
  for (auto n : ledger) {
    if (n % 8 == 0)
      w.profile(n % 16 == 0 ? "Europe/Berlin" : "UTC", n % 32 == 0 ? "clinic" : "");
    else if (n % 8 == 1)
      w.own(n % 16 == 1 ? night : json::object());
    else
      w.consent(n % 2 == 0 ? channel::sms : channel::email,
                n % 3 == 0 ? "marketing" : "transactional",
                std::array{"opted_in", "opted_out", "pending"}[n / 8 % 3]);
  }
}

auto known(const gate_world& w) {
  const auto* found = w.model.find(tenant, somebody);
  auto who = found ? *found : gate_recipient{};
  return std::tuple{who.zone, who.organization, who.own, who.opted_out, who.opted_out_marketing};
}

} // namespace

TEST_CASE("facts that are folded once more change nothing, known or forgotten") {
  auto ok = rc::check([] {
    gate_world w;
    auto ledger = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 96));
    fold(w, ledger);
    auto before = known(w);
    fold(w, ledger);
    RC_ASSERT(known(w) == before);
    w.model.forget(tenant, somebody);
    RC_ASSERT(w.model.find(tenant, somebody) == nullptr);
    fold(w, ledger);
    RC_ASSERT(known(w) == before);
  });
  CHECK(ok);
}

TEST_CASE("the gate's actor forgets whom it is told to") {
  test::actor_world world;
  catalogue_cell cell;
  auto limiter = world.spawn(rate_limiter, rate_limiter_arguments{{}, nullptr});
  auto gate = world.spawn(preference_gate, preference_gate_arguments{limiter, &cell, nullptr});
  applied_fact f;
  f.tenant = tenant;
  f.body = std::make_shared<const fact>(
      consent_recorded{somebody, channel::sms, "transactional", "opted_out", {}, {}, {}});
  assess q;
  auto& a = q.items.emplace_back();
  a.tenant = tenant;
  a.recipient = somebody;
  a.now = world.now();
  a.steps.emplace_back();
  auto says = [&] { return world.ask<assess>(gate, q)->get().items[0].steps[0].says; };
  world.tell(gate, apply_facts{{f}, true});
  CHECK(says() == verdict::suppress);
  world.tell(gate, evict_people{{{tenant, somebody}}});
  CHECK(says() == verdict::pass);
  world.tell(gate, apply_facts{{f}, true});
  CHECK(says() == verdict::suppress);
}

TEST_CASE("the gate passes a question on to the limiter and answers for preferences itself") {
  test::actor_world world;
  catalogue_cell cell;
  std::array<window_limits, enum_count<channel>> limits{};
  auto limiter = world.spawn(rate_limiter, rate_limiter_arguments{limits, nullptr});
  auto gate = world.spawn(preference_gate, preference_gate_arguments{limiter, &cell, nullptr});
  apply_facts facts;
  applied_fact f;
  f.tenant = tenant;
  f.body = std::make_shared<const fact>(preferences_changed{
      somebody, 1, R"({"channels":{"sms":{"enabled":false}},"preferred_channels":["email"]})"});
  facts.facts.push_back(f);
  world.tell(gate, facts);
  assess q;
  auto& a = q.items.emplace_back();
  a.tenant = tenant;
  a.recipient = somebody;
  a.now = world.now();
  a.want_preferred = true;
  a.steps.emplace_back();
  a.steps.emplace_back().on = channel::email;
  auto r = world.ask<assess>(gate, q);
  CHECK(r->get().items[0].steps[0].why == reason::channel_disabled);
  CHECK(r->get().items[0].steps[1].says == verdict::pass);
  CHECK(r->get().items[0].preferred == std::vector{channel::email});
  recipient_command c;
  c.tenant = tenant;
  c.recipient = somebody;
  c.what = recipient_command::verb::get_resolved_preferences;
  auto text = world.ask<answer>(gate, c)->get().body;
  CHECK(json::parse(text)["layers"]["/channels/sms/enabled"] == "recipient");
}
