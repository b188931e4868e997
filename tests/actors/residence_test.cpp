// People who leave memory and come back, and starts on snapshots instead of facts.
#include "tests/actors/engine_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;
using rverb = recipient_command::verb;
using nverb = notification_command::verb;
using iverb = inbox_command::verb;

namespace {

constexpr auto ann
    = R"({"name":"Ann","locale":"en","timezone":"Europe/Berlin","roles":["nurse"],"contacts":{"sms":"+15550001111"}})";

std::string rule_to(const std::string& channels, const std::string& recipient = R"("data.who")",
                    const std::string& more = {}, const std::string& event = "test.happened") {
  return R"({"event":")" + event
         + R"(","notifications":[{"type":"note","category":"transactional","recipient":)"
         + recipient + R"(,"content":{"sms":{"text":"x"},"in_app":{"title":"Hi","body":"B"}})"
         + more + R"(,"delivery":{"strategy":"fallback","channels":)" + channels + "}}]}";
}

settings without_room() {
  settings s;
  s.budget.people = 0;
  return s;
}

struct small_engine : engine_world {
  explicit small_engine(settings s = {}, const std::string& channels = R"([{"channel":"sms"}])")
      : engine_world(std::move(s)) {
    rule("r", rule_to(channels));
    start();
    person("ann", rverb::put, ann);
  }
  event_answer happen(const std::string& id) {
    return post(id, "test.happened", R"({"who":"ann"})");
  }
  void restart() {
    crash();
    start();
  }
  std::uint64_t read() const {
    return count.people_read.get();
  }
};

} // namespace

TEST_CASE("without room people leave memory once they are written down, and come back unchanged") {
  small_engine engine{without_room()};
  engine.person("ann", rverb::put_preferences, R"({"language":"de"})");
  engine.person("ann", rverb::add_consent,
                R"({"channel":"sms","status":"opted_in","purpose":"marketing","method":"form"})");
  engine.happen("e-1");
  CHECK(engine.count.people_evicted.get() > 0);
  auto before = engine.read();
  CHECK(engine.person("ann", rverb::get, "{}").version == 1);
  CHECK(engine.read() > before);
  auto preferences = engine.person("ann", rverb::get_preferences, "{}");
  CHECK(preferences.version == 1);
  CHECK(nlohmann::json::parse(preferences.body).at("language") == "de");
  auto consents = nlohmann::json::parse(engine.person("ann", rverb::list_consents, "{}").body);
  CHECK(consents.at("items").size() == 1);
}

TEST_CASE("an opt-out binds, wherever the person was meanwhile") {
  small_engine engine{without_room()};
  engine.person("ann", rverb::put_preferences, R"({"channels":{"sms":{"enabled":false}}})");
  engine.happen("e-1");
  CHECK(engine.sms.calls.empty());
  engine.settle_journal();
  engine.restart();
  auto again = engine.happen("e-2");
  CHECK(engine.sms.calls.empty());
  CHECK(engine.status_of(again.notifications.front().id) == "suppressed");
}

TEST_CASE("limits count attempts from before a snapshot") {
  settings s = without_room();
  s.limits.fill({});
  s.limits[static_cast<std::size_t>(channel::sms)].per_hour = 1;
  small_engine engine{s};
  engine.happen("e-1");
  REQUIRE(engine.sms.calls.size() == 1);
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  engine.happen("e-2");
  CHECK(engine.sms.calls.size() == 1);
  engine.world.advance(1h);
  CHECK(engine.sms.calls.size() == 2);
}

TEST_CASE("a settled segment is not needed to know what was planned, and what waits") {
  small_engine engine;
  engine.rule("r", rule_to(R"([{"channel":"sms"}])", R"("data.who")", R"(,"timing":"delay:2h")"));
  auto first = engine.happen("e-1");
  REQUIRE(engine.drop_history().empty());
  engine.restart();
  auto again = engine.happen("e-1");
  CHECK(again.duplicate);
  CHECK(again.notifications.front().id == first.notifications.front().id);
  CHECK(engine.sms.calls.empty());
  engine.world.advance(2h);
  CHECK(engine.sms.calls.size() == 1);
  CHECK(engine.sms.calls.front().message->text == "x");
}

TEST_CASE("a start reads nobody but who is in the facts behind the last settled segment") {
  small_engine engine;
  for (int n = 0; n < 50; ++n)
    engine.person("p-" + std::to_string(n), rverb::put, ann);
  REQUIRE(engine.settle_journal().empty());
  engine.person("p-7", rverb::put_preferences, R"({"language":"de"})");
  auto before = engine.read();
  engine.restart();
  CHECK(engine.read() - before == 1);
  engine.happen("e-1");
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("who has a role is known without being read, and is told") {
  small_engine engine;
  engine.rule("r", rule_to(R"([{"channel":"sms"}])", R"({"role":"nurse"})"));
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  engine.post("e-1", "test.happened", "{}");
  CHECK(engine.sms.calls.size() == 1);
  engine.person("ann", rverb::patch, R"({"roles":[]})");
  engine.post("e-2", "test.happened", "{}");
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("an inbox goes on where it was: messages, what was read, offsets") {
  small_engine engine{without_room(), R"([{"channel":"in_app"}])"};
  auto id = engine.happen("e-1").notifications.front().id;
  engine.happen("e-2");
  engine.inbox("ann", iverb::read, id);
  auto before = engine.inbox("ann", iverb::list).body;
  REQUIRE(nlohmann::json::parse(before).at("items").size() == 2);
  REQUIRE(engine.drop_history().empty());
  engine.restart();
  CHECK(engine.inbox("ann", iverb::list).body == before);
  engine.happen("e-3");
  auto items = nlohmann::json::parse(engine.inbox("ann", iverb::list).body).at("items");
  CHECK(items.size() == 3);
}

TEST_CASE("who was erased stays forgotten, whatever snapshots there were") {
  small_engine engine;
  REQUIRE(engine.settle_journal().empty());
  CHECK(engine.person("ann", rverb::erase, "{}").what == answer::kind::no_content);
  engine.restart();
  CHECK(engine.person("ann", rverb::get, "{}").what == answer::kind::not_found);
  engine.rule("nurses",
              rule_to(R"([{"channel":"in_app"}])", R"({"role":"nurse"})", {}, "test.nurses"));
  engine.post("e-1", "test.nurses", "{}");
  CHECK(engine.count.notifications_planned.get() == 0);
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  CHECK(engine.person("ann", rverb::get, "{}").what == answer::kind::not_found);
  CHECK(engine.person("ann", rverb::put, ann).version == 2);
}

TEST_CASE("who came back after an erasure is there after a start") {
  small_engine engine;
  engine.person("ann", rverb::erase, "{}");
  engine.person("ann", rverb::put, ann);
  auto before = engine.person("ann", rverb::get, "{}").body;
  engine.restart();
  CHECK(engine.person("ann", rverb::get, "{}").body == before);
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  CHECK(engine.person("ann", rverb::get, "{}").body == before);
  engine.happen("e-1");
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("who came back after an erasure reads what is new in their inbox, also over a start") {
  small_engine engine{without_room(), R"([{"channel":"in_app"}])"};
  engine.happen("e-1");
  engine.person("ann", rverb::erase, "{}");
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  engine.person("ann", rverb::put, ann);
  engine.happen("e-2");
  auto items = nlohmann::json::parse(engine.inbox("ann", iverb::list).body).at("items");
  CHECK(items.size() == 1);
}

TEST_CASE("an attempt of a dead letter that was replayed counts against the limit, over a crash") {
  settings s;
  s.limits.fill({});
  s.limits[static_cast<std::size_t>(channel::sms)].per_day = 2;
  small_engine engine{s};
  engine.sms.answers.push_back(provider_script::failed(error_class::permanent_address));
  auto id = engine.happen("e-1").notifications.front().id;
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  engine.sms.calls.clear();
  engine.command(id, nverb::replay);
  REQUIRE(engine.sms.calls.size() == 1);
  engine.restart();
  engine.happen("e-2");
  CHECK(engine.sms.calls.size() == 1);
}

TEST_CASE("a slot that was waited for and used is not held for anybody after a start") {
  settings s;
  s.limits.fill({});
  s.limits[static_cast<std::size_t>(channel::sms)].per_hour = 1;
  small_engine engine{s};
  engine.happen("e-1");
  engine.happen("e-2");
  engine.world.advance(1h);
  REQUIRE(engine.sms.calls.size() == 2);
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  auto third = engine.happen("e-3").notifications.front().id;
  engine.restart(); // its slot is still promised
  auto fourth = engine.happen("e-4").notifications.front().id;
  engine.world.advance(1h);
  CHECK(engine.status_of(third) == "sent");
  CHECK(engine.status_of(fourth) == "rate_limited");
  engine.world.advance(1h);
  CHECK(engine.status_of(fourth) == "sent");
}

TEST_CASE("a dead letter from before the last settled segment is replayed, also over a crash") {
  small_engine engine;
  engine.sms.answers.assign(9, provider_script::failed(error_class::permanent_address));
  auto id = engine.happen("e-1").notifications.front().id;
  CHECK(engine.status_of(id) == "dead_lettered");
  REQUIRE(engine.settle_journal().empty());
  engine.restart();
  engine.sms.answers.clear();
  engine.sms.hangs = true;
  engine.command_async(id, nverb::replay);
  engine.restart();
  engine.world.advance(1h);
  auto facts = engine.timeline(id);
  facts.resize(7); // then it is repeated, by its category
  CHECK(facts
        == std::vector<std::string>{"notification_planned", "attempt_started", "attempt_failed",
                                    "dead_lettered", "replayed", "attempt_started",
                                    "outcome_unknown"});
}
