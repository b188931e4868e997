#include "actors/partition/partition.hpp"
#include "tests/actors/engine_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;
using rverb = recipient_command::verb;
using nverb = notification_command::verb;
using words = std::vector<std::string>;

namespace {

std::string rule_body(const std::string& channels, const std::string& more = {}) {
  return R"({"event":"test.happened","notifications":[{"type":"note","category":"transactional","recipient":"data.who",
    "content":{"sms":{"text":"Hello {{data.name}}"},"email":{"subject":"S","text":"T"},
               "in_app":{"title":"Hi","body":"B"}},
    "delivery":{"strategy":"fallback","channels":)"
         + channels + "}" + more + "}]}";
}

/// An engine with one rule and one person who has a phone and an address.
struct running_engine : engine_world {
  explicit running_engine(const std::string& channels = R"([{"channel":"sms"}])",
                          const std::string& more = {}, settings s = {})
      : engine_world(std::move(s)) {
    rule("r", rule_body(channels, more));
    start();
    person("p-1", rverb::put,
           R"({"name":"Ann","contacts":{"sms":"+15550001111","email":"ann@example.org"}})");
  }
  notification_id happen(const std::string& id = "e-1") {
    auto a = post(id, "test.happened", R"({"who":"p-1","name":"Ann"})");
    REQUIRE(a.notifications.size() == 1);
    return a.notifications.front().id;
  }
};

settings free_of_limits() {
  settings s;
  s.limits.fill({});
  return s;
}

} // namespace

TEST_CASE("an event becomes an sms, and each step is a fact") {
  running_engine engine;
  auto id = engine.happen();
  REQUIRE(engine.sms.calls.size() == 1);
  CHECK(engine.sms.calls.front().message->to == "+15550001111");
  CHECK(engine.sms.calls.front().message->text == "Hello Ann");
  CHECK(engine.status_of(id) == "sent");
  CHECK(engine.timeline(id)
        == words{"notification_planned", "attempt_started", "attempt_succeeded"});
  engine.report(id, 1, status::delivered);
  CHECK(engine.status_of(id) == "delivered");
}

TEST_CASE("no call is made before its intent is durable") {
  running_engine engine;
  auto durable = false;
  engine.sms.on_call = [&](const provider_call& m) {
    for (const auto& row : engine.database->facts_of(engine.tenant, m.id))
      durable = durable || row.type == fact_type::attempt_started;
  };
  engine.happen();
  CHECK(durable);
}

TEST_CASE("a repeated event gets the same ids, after a restart too") {
  running_engine engine;
  auto id = engine.happen();
  for (auto round : {0, 1}) {
    if (round == 1) {
      engine.crash();
      engine.start();
    }
    auto again = engine.post("e-1", "test.happened", R"({"who":"p-1","name":"Ann"})");
    CHECK(again.duplicate);
    REQUIRE(again.notifications.size() == 1);
    CHECK(again.notifications.front().id == id);
  }
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("a repeated event gets the same ids when what it planned would be too late now") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"timing":"at:data.at -1min")"};
  const auto at = to_rfc3339(engine.world.now() + 1h);
  const auto data = R"({"who":"p-1","name":"Ann","at":")" + at + "\"}";
  const auto first = engine.post("e-1", "test.happened", data);
  REQUIRE(first.notifications.size() == 1);
  engine.world.advance(2h);
  const auto again = engine.post("e-1", "test.happened", data);
  CHECK(again.duplicate);
  REQUIRE(again.notifications.size() == 1);
  CHECK(again.notifications.front().id == first.notifications.front().id);
  CHECK(engine.post("e-2", "test.happened", data).notifications.empty());
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("a transient failure is retried within policy and then dead-lettered") {
  running_engine engine;
  for (int i = 0; i < 5; ++i)
    engine.sms.answers.push_back(provider_script::failed(error_class::transient));
  auto id = engine.happen();
  CHECK(engine.status_of(id) == "queued");
  engine.world.advance(1min);
  CHECK(engine.sms.calls.size() == 3); // transactional is high: three calls in all
  CHECK(engine.status_of(id) == "dead_lettered");
  engine.sms.answers.clear();
  CHECK(engine.command(id, nverb::replay).what == answer::kind::accepted);
  CHECK(engine.status_of(id) == "sent");
}

TEST_CASE("a permanent failure takes the next channel at once") {
  running_engine engine{R"([{"channel":"sms"},{"channel":"email"}])"};
  engine.sms.answers.push_back(provider_script::failed(error_class::permanent_address));
  auto id = engine.happen();
  CHECK(engine.sms.calls.size() == 1);
  CHECK(engine.email.calls.size() == 1);
  CHECK(engine.status_of(id) == "sent");
  CHECK(engine.timeline(id)
        == words{"notification_planned", "attempt_started", "attempt_failed", "fallback_taken",
                 "attempt_started", "attempt_succeeded"});
}

TEST_CASE("a step that is not confirmed in time is followed by the next, and a late confirmation "
          "ends the chain") {
  running_engine engine{R"([{"channel":"in_app","timeout":"30s"},{"channel":"sms"}])"};
  auto seen = engine.happen("e-1");
  auto unseen = engine.happen("e-2");
  CHECK(engine.sms.calls.empty());
  CHECK(engine.status_of(seen) == "sent");
  engine.inbox("p-1", inbox_command::verb::ack, seen);
  engine.world.advance(31s);
  CHECK(engine.status_of(seen) == "delivered");
  REQUIRE(engine.sms.calls.size() == 1);
  CHECK(engine.sms.calls.front().id == unseen);
  engine.inbox("p-1", inbox_command::verb::read, unseen);
  CHECK(engine.status_of(unseen) == "read");
}

TEST_CASE("a bounce takes sent back and the next channel is used") {
  running_engine engine{R"([{"channel":"sms"},{"channel":"email"}])"};
  auto id = engine.happen();
  CHECK(engine.status_of(id) == "sent");
  engine.report(id, 1, status::bounced);
  CHECK(engine.email.calls.size() == 1);
  CHECK(engine.status_of(id) == "sent");
}

TEST_CASE("an unknown outcome is settled by a callback, or resent by policy") {
  running_engine engine;
  engine.sms.answers.push_back(provider_script::unknown());
  engine.sms.answers.push_back(provider_script::unknown());
  auto settled = engine.happen("e-1");
  auto resent = engine.happen("e-2");
  CHECK(engine.status_of(settled) == "outcome_unknown");
  engine.report(settled, 1, status::delivered);
  CHECK(engine.status_of(settled) == "delivered");
  engine.world.advance(11s);
  CHECK(engine.sms.calls.size() == 3);
  CHECK(engine.status_of(resent) == "sent");
  CHECK(engine.timeline(resent)
        == words{"notification_planned", "attempt_started", "outcome_unknown", "outcome_settled",
                 "attempt_started", "attempt_succeeded"});
}

TEST_CASE("a call that was out when the node died is an unknown outcome") {
  running_engine engine;
  engine.sms.hangs = true;
  auto id = engine.happen();
  CHECK(engine.status_of(id) == "sending");
  engine.crash();
  engine.sms.hangs = false;
  engine.start();
  CHECK(engine.status_of(id) == "outcome_unknown");
  engine.world.advance(6s);
  CHECK(engine.status_of(id) == "sent");
  CHECK(engine.sms.calls.size() == 2);
}

TEST_CASE("a cancel waits for the call that is out and says what became of it") {
  running_engine engine;
  engine.sms.hangs = true;
  auto id = engine.happen();
  auto waiting = engine.command_async(id, nverb::cancel);
  CHECK(waiting->pending());
  REQUIRE(engine.sms.hanging.size() == 1);
  engine.world.tell(engine.sms.client, http_finished{});
  CHECK(waiting->get().body == R"({"result":"already_sent"})");
  CHECK(engine.status_of(id) == "sent");
}

TEST_CASE("a bounce that is quicker than the provider's answer is not undone by it") {
  running_engine engine{R"([{"channel":"sms"},{"channel":"email"}])"};
  engine.sms.hangs = true;
  auto id = engine.happen();
  engine.report(id, 1, status::bounced);
  CHECK(engine.email.calls.size() == 1);
  engine.world.tell(engine.sms.client, http_finished{});
  CHECK(engine.status_of(id) == "sent");
  CHECK(engine.command(id, nverb::show)
            .body.find(R"("channel":"email","reason":null,"status":"sent")")
        != std::string::npos);
}

TEST_CASE("a refusal of an attempt that was resent says nothing about the new one") {
  running_engine engine{R"([{"channel":"sms"},{"channel":"email"}])"};
  engine.sms.answers.push_back(provider_script::unknown());
  auto id = engine.happen();
  engine.world.advance(11s);
  CHECK(engine.sms.calls.size() == 2);
  engine.report(id, 1, status::failed);
  CHECK(engine.email.calls.empty());
  CHECK(engine.status_of(id) == "sent");
}

TEST_CASE("more than enough deliveries wait for their turn and all go") {
  running_engine engine{R"([{"channel":"sms"}])", {}, free_of_limits()};
  engine.sms.hangs = true;
  std::vector<notification_id> ids;
  for (int i = 0; i < 100; ++i)
    ids.push_back(engine.happen("e-" + std::to_string(i)));
  engine.sms.hangs = false;
  engine.world.tell(engine.sms.client, http_finished{});
  engine.world.advance(10s);
  for (const auto& id : ids)
    CHECK(engine.status_of(id) == "sent");
  CHECK(engine.sms.calls.size() == 100);
}

TEST_CASE("what is planned for later can be cancelled and never goes") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"timing":"delay:24h")"};
  auto id = engine.happen();
  CHECK(engine.status_of(id) == "scheduled");
  CHECK(engine.command(id, nverb::cancel).body == R"({"result":"cancelled"})");
  engine.world.advance(48h);
  CHECK(engine.sms.calls.empty());
  CHECK(engine.status_of(id) == "cancelled");
}

TEST_CASE("what is planned for later goes at its time, also after a restart") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"timing":"delay:24h")"};
  engine.happen();
  engine.world.advance(23h);
  CHECK(engine.sms.calls.empty());
  engine.crash();
  engine.start();
  engine.world.advance(59min);
  CHECK(engine.sms.calls.empty());
  engine.world.advance(2min);
  REQUIRE(engine.sms.calls.size() == 1);
  CHECK(engine.sms.calls.front().message->text == "Hello Ann");
}

TEST_CASE("content over 64 KiB is kept beside its fact and is there when it is due") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"timing":"delay:1h")"};
  auto a
      = engine.post("e-1", "test.happened",
                    R"({"who":"p-1","name":"Ann","notes":")" + std::string(100'000, 'x') + "\"}");
  REQUIRE(a.notifications.size() == 1);
  auto rows = 0;
  for (std::uint32_t lane = 0; lane < engine.database->lanes(); ++lane)
    for (const auto& row : engine.database->rows(lane, partition_of(a.notifications.front().id))) {
      CHECK(row.sealed.size() < 64 * 1024);
      ++rows;
    }
  CHECK(rows > 0);
  engine.crash();
  engine.start();
  engine.world.advance(1h + 1s);
  REQUIRE(engine.sms.calls.size() == 1);
  CHECK(engine.sms.calls.front().message->text == "Hello Ann");
}

TEST_CASE("an event cancels what an earlier one planned under the same key") {
  running_engine engine{R"([{"channel":"sms"}])",
                        R"(,"timing":"delay:24h","correlation_key":"a:{{data.name}}")"};
  engine.rule("c", R"({"event":"test.off","notifications":[],"cancels":["a:{{data.name}}"]})");
  auto id = engine.happen();
  engine.post("e-2", "test.off", R"({"name":"Ann"})");
  CHECK(engine.status_of(id) == "cancelled");
}

TEST_CASE("a repeated event does not cancel again what was planned since, after a restart too") {
  running_engine engine{R"([{"channel":"sms"}])",
                        R"(,"timing":"delay:24h","correlation_key":"a:{{data.name}}")"};
  engine.rule("c", R"({"event":"test.off","notifications":[],"cancels":["a:{{data.name}}"]})");
  auto before = engine.happen("e-1");
  CHECK_FALSE(engine.post("off-1", "test.off", R"({"name":"Ann"})").duplicate);
  CHECK(engine.status_of(before) == "cancelled");
  auto after = engine.happen("e-2");
  CHECK(engine.post("off-1", "test.off", R"({"name":"Ann"})").duplicate);
  CHECK(engine.status_of(after) == "scheduled");
  engine.crash();
  engine.start();
  CHECK(engine.post("off-1", "test.off", R"({"name":"Ann"})").duplicate);
  CHECK(engine.status_of(after) == "scheduled");
  CHECK_FALSE(engine.post("off-2", "test.off", R"({"name":"Ann"})").duplicate);
  CHECK(engine.status_of(after) == "cancelled");
}

TEST_CASE("an event that could not act everywhere acts when it is repeated") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"timing":"delay:24h")"};
  // Everyone with the role is told, and what was planned under the key is called off.
  engine.rule("c", R"({"event":"test.off","cancels":["a:{{data.name}}"],
    "notifications":[{"type":"off","category":"transactional","recipient":{"role":"nurse"},
      "content":{"sms":{"text":"Off"}},"delivery":{"channels":[{"channel":"sms"}]}}]})");
  for (auto who : {"n-1", "n-2", "n-3"})
    engine.person(who, rverb::put, R"({"roles":["nurse"],"contacts":{"sms":"+15550001112"}})");
  engine.faults->fail_before = 1;
  CHECK(engine.post("off-1", "test.off", R"({"name":"Ann"})").failed);
  engine.world.advance(1s); // the partition that failed is back
  CHECK_FALSE(engine.post("off-1", "test.off", R"({"name":"Ann"})").failed);
  CHECK(engine.sms.calls.size() == 3);
  engine.crash();
  engine.start();
  CHECK(engine.post("off-1", "test.off", R"({"name":"Ann"})").duplicate);
  CHECK(engine.sms.calls.size() == 3);
}

TEST_CASE("a repeated event that moved a notification is answered with its id and moves nothing") {
  running_engine engine;
  auto body = rule_body(R"([{"channel":"sms"}])",
                        R"(,"timing":"delay:24h","correlation_key":"a:{{data.name}}")");
  body.back() = ',';
  engine.rule("r", body + R"("reschedules":["a:{{data.name}}"]})");
  auto id = engine.happen("e-1");
  engine.world.advance(1h);
  CHECK(engine.happen("e-2") == id);
  for (auto round : {0, 1}) {
    if (round == 1) {
      engine.crash();
      engine.start();
    }
    engine.world.advance(1h);
    auto again = engine.post("e-2", "test.happened", R"({"who":"p-1","name":"Ann"})");
    CHECK(again.duplicate);
    REQUIRE(again.notifications.size() == 1);
    CHECK(again.notifications.front().id == id);
  }
  CHECK(engine.timeline(id) == words{"notification_planned", "rescheduled"});
}

TEST_CASE("a provider that hangs holds up its own channel alone") {
  running_engine engine{R"([{"channel":"sms"}])", {}, free_of_limits()};
  engine.rule("m",
              R"({"event":"test.mailed","notifications":[{"type":"mail","category":"transactional",
    "recipient":"data.who","content":{"email":{"subject":"S","text":"T"}},
    "delivery":{"strategy":"fallback","channels":[{"channel":"email"}]}}]})");
  engine.sms.hangs = true;
  for (int i = 0; i < 100; ++i)
    engine.happen("e-" + std::to_string(i));
  auto calling = engine.sms.calls.size();
  CHECK(calling < 100);
  auto mail = engine.post("m-1", "test.mailed", R"({"who":"p-1"})");
  CHECK(engine.email.calls.size() == 1);
  CHECK(engine.sms.calls.size() == calling);
}

TEST_CASE("chains that fell back to a channel that hangs hold up that channel alone") {
  auto config = free_of_limits();
  config.delivery.window = 16;
  running_engine engine{R"([{"channel":"email"},{"channel":"sms"}])", {}, config};
  engine.sms.hangs = true;
  for (int i = 0; i < 100; ++i) {
    engine.email.answers.push_back(provider_script::failed(error_class::permanent_address));
    engine.happen("e-" + std::to_string(i));
  }
  CHECK(engine.email.calls.size() == 100);
  CHECK(engine.sms.calls.size() == 16);
  engine.happen("e-100");
  CHECK(engine.email.calls.size() == 101);
}

TEST_CASE("a delivery cancelled while it waits for a permit takes none") {
  auto config = free_of_limits();
  config.delivery.window = 1;
  running_engine engine{R"([{"channel":"sms"}])", {}, config};
  engine.sms.hangs = true;
  engine.happen("e-1");
  auto second = engine.happen("e-2");
  auto third = engine.happen("e-3");
  CHECK(engine.sms.calls.size() == 1);
  CHECK(engine.command(second, nverb::cancel).body == R"({"result":"cancelled"})");
  CHECK(engine.count.deliveries_alive.get() == 2);
  engine.sms.hangs = false;
  engine.world.tell(engine.sms.client, http_finished{});
  CHECK(engine.status_of(second) == "cancelled");
  CHECK(engine.status_of(third) == "sent");
  CHECK(engine.sms.calls.size() == 2);
}

TEST_CASE(
    "a provider's client that never answers is given up, and its late answer changes nothing") {
  running_engine engine;
  engine.sms.hangs = true;
  auto id = engine.happen();
  engine.world.advance(engine.config.delivery.call_timeout + 1s);
  CHECK(engine.status_of(id) == "sending");
  engine.world.advance(2s);
  CHECK(engine.status_of(id) == "outcome_unknown");
  engine.world.tell(engine.sms.client, http_finished{});
  CHECK(engine.status_of(id) == "outcome_unknown");
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("an append that fails is told at once to who waits, and the partition comes back") {
  running_engine engine;
  engine.faults->fail_before = 1;
  auto began = engine.world.clock().now();
  CHECK(engine.post("e-1", "test.happened", R"({"who":"p-1","name":"Ann"})").failed);
  CHECK(engine.world.clock().now() == began);
  engine.world.advance(1min);
  engine.happen("e-1");
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("quiet hours hold a message until they end, to the second") {
  running_engine engine;
  engine.person(
      "p-1", rverb::put_preferences,
      R"({"quiet_hours":{"enabled":true,"start":"08:00","end":"10:00","timezone":"UTC"}})");
  auto id = engine.happen(); // the world starts at 09:00
  CHECK(engine.status_of(id) == "deferred");
  engine.world.advance(59min + 59s);
  CHECK(engine.sms.calls.empty());
  engine.world.advance(1s);
  CHECK(engine.sms.calls.size() == 1);
  CHECK(engine.status_of(id) == "sent");
}

TEST_CASE("what quiet hours hold goes at once when the person takes them back") {
  running_engine engine;
  engine.person(
      "p-1", rverb::put_preferences,
      R"({"quiet_hours":{"enabled":true,"start":"08:00","end":"10:00","timezone":"UTC"}})");
  auto id = engine.happen();
  CHECK(engine.sms.calls.empty());
  engine.person("p-1", rverb::put_preferences,
                R"({"quiet_hours":{"enabled":true,"start":"08:00","end":"11:00"}})");
  CHECK(engine.status_of(id) == "deferred");
  engine.person("p-1", rverb::put_preferences, "{}");
  CHECK(engine.sms.calls.size() == 1);
  CHECK(engine.status_of(id) == "sent");
}

TEST_CASE("a recipient's limit holds back the sixth message of a minute, over a restart too") {
  running_engine engine;
  std::vector<notification_id> ids;
  for (int i = 0; i < 6; ++i)
    ids.push_back(engine.happen("e-" + std::to_string(i)));
  CHECK(engine.sms.calls.size() == 5);
  CHECK(engine.status_of(ids.back()) == "rate_limited");
  engine.crash();
  engine.start();
  engine.world.advance(59s);
  CHECK(engine.sms.calls.size() == 5);
  engine.world.advance(2s);
  CHECK(engine.sms.calls.size() == 6);
}

TEST_CASE("an opt-out binds a retry that is already queued") {
  running_engine engine;
  engine.sms.answers.push_back(provider_script::failed(error_class::transient));
  auto id = engine.happen();
  engine.person("p-1", rverb::put_preferences, R"({"channels":{"sms":{"enabled":false}}})");
  engine.world.advance(1min);
  CHECK(engine.sms.calls.size() == 1);
  CHECK(engine.command(id, nverb::show).body.find("channel_disabled") != std::string::npos);
}

TEST_CASE("nothing leaves after it expired") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"expires":"30min")"};
  engine.person(
      "p-1", rverb::put_preferences,
      R"({"quiet_hours":{"enabled":true,"start":"08:00","end":"10:00","timezone":"UTC"}})");
  auto id = engine.happen();
  engine.world.advance(2h);
  CHECK(engine.sms.calls.empty());
  CHECK(engine.status_of(id) == "expired");
}

TEST_CASE("a recipient nobody knows has no contact, and the inbox works") {
  running_engine engine{R"([{"channel":"sms"},{"channel":"in_app"}])"};
  auto a = engine.post("e-9", "test.happened", R"({"who":"stranger","name":"X"})");
  REQUIRE(a.notifications.size() == 1);
  auto id = a.notifications.front().id;
  CHECK(engine.timeline(id) == words{"notification_planned", "step_suppressed", "in_app_posted"});
  CHECK(engine.inbox("stranger", inbox_command::verb::list).body.find("\"Hi\"")
        != std::string::npos);
}

TEST_CASE("an erased person is forgotten and what waited is called off") {
  running_engine engine{R"([{"channel":"sms"}])", R"(,"timing":"delay:1h")"};
  auto id = engine.happen();
  CHECK(engine.person("p-1", rverb::erase, "{}").what == answer::kind::no_content);
  CHECK(engine.person("p-1", rverb::get, "{}").what == answer::kind::not_found);
  engine.world.advance(2h);
  CHECK(engine.sms.calls.empty());
  CHECK(engine.status_of(id) == "cancelled");
}

TEST_CASE("an event that nothing matches is kept and answered without notifications") {
  running_engine engine;
  auto a = engine.post("e-1", "test.unheard", "{}");
  CHECK(a.notifications.empty());
  CHECK(engine.post("e-1", "test.unheard", "{}").duplicate);
  CHECK(engine.count.events_unmatched.get() == 2);
}

TEST_CASE("a failed append stops the partition, which replays and goes on") {
  running_engine engine{R"([{"channel":"sms"}])", {}, free_of_limits()};
  for (auto* fault : {&engine.faults->fail_before, &engine.faults->fail_after}) {
    *fault = 1;
    auto id = "e-" + std::to_string(engine.sms.calls.size());
    auto first = engine.post(id, "test.happened", R"({"who":"p-1","name":"Ann"})");
    CHECK(first.failed);
    engine.world.advance(10s);
    auto again = engine.post(id, "test.happened", R"({"who":"p-1","name":"Ann"})");
    CHECK_FALSE(again.failed);
    REQUIRE(again.notifications.size() == 1);
    engine.world.advance(20s);
    CHECK(engine.status_of(again.notifications.front().id) == "sent");
  }
  CHECK(engine.count.partition_restarts.get() == 2);
}
