#include "tests/system/support/load.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <random>

using namespace carillon;
using namespace carillon::test;

namespace {

unsigned crashes() {
  const char* wanted = std::getenv("CARILLON_CRASHES");
  return wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : 5;
}

unsigned seed() {
  const char* wanted = std::getenv("CARILLON_SEED");
  return wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : std::random_device{}();
}

// A provider that mostly works, and fails in every way now and then.
const json weather = json::array({
    {{"probability", 0.02}, {"seed", 1}, {"status", 500}},
    {{"probability", 0.02}, {"seed", 2}, {"status", 429}, {"code", 20429}, {"retry_after", 1}},
    {{"probability", 0.01}, {"seed", 3}, {"hang", true}, {"accept", true}},
    {{"probability", 0.01}, {"seed", 4}, {"close_after_accept", true}},
    {{"probability", 0.01}, {"seed", 5}, {"close_before_answer", true}},
    {{"probability", 0.01}, {"seed", 6}, {"status", 400}, {"code", 21211}},
    {{"probability", 0.02}, {"seed", 7}, {"bounce", true}},
    {{"probability", 0.2}, {"seed", 8}, {"delay_ms", 60}},
});

const json with_fallback
    = {{"delivery",
        {{"strategy", "fallback"},
         {"channels", json::array({{{"channel", "sms"}}, {{"channel", "in_app"}}})}}},
       {"content",
        {{"sms", {{"text", "{{data.text}}"}}}, {"in_app", {{"title", "N"}, {"body", "B"}}}}}};

std::vector<person> people_of(world& w, unsigned count) {
  std::vector<person> out;
  for (unsigned i = 0; i < count; ++i)
    out.push_back(w.new_person());
  return out;
}

void crash(world& w, load& running, std::mt19937& random) {
  // From some events on, so that work is always in all stages; then at any microsecond.
  REQUIRE(running.await(running.accepted() + 30 + random() % 150, 60s));
  harness::pause(std::chrono::microseconds{random() % 30'000});
  w.daemon.kill();
  try {
    w.daemon.start();
  } catch (const harness::failure& e) {
    FAIL(e.what());
  }
}

} // namespace

TEST_CASE("after random kill -9 under load the provider's record and the journal agree") {
  world w;
  w.simulator.script(weather);
  std::mt19937 random{seed()};
  load::options what;
  what.type = w.new_rule(with_fallback);
  what.people = people_of(w, 40);
  load running{w, what};
  for (unsigned i = 0; i < crashes(); ++i)
    crash(w, running, random);
  CHECK(running.finish(60s));
  CHECK(running.complaints() == std::vector<std::string>{});
  w.acknowledged.merge(running.acknowledged());
  const bool at_rest = harness::eventually(60s, [&] { return w.ledger().problems.empty(); });
  const auto report = w.ledger();
  WARN(fmt::format("{} crashes, {} acknowledged; {}", crashes(), w.acknowledged.size(),
                   report.words()));
  INFO(w.daemon.log());
  CHECK(at_rest);
  require_agreement(report);
}

TEST_CASE("limits hold over random kill -9, while segments are settled and people leave memory") {
  world_options options;
  options.environment
      = {{"CARILLON_JOURNAL_SEGMENT_ROWS", "100"}, {"CARILLON_MEMORY_PEOPLE", "1MiB"}};
  options.limits = true;
  options.toml = "[limits.sms]\nper_minute = 5\nper_hour = 1000\nper_day = 1000\n";
  options.ledger_limits = {5, 1000, 1000};
  world w{options};
  std::mt19937 random{seed()};
  load::options what;
  what.type = w.new_rule();
  what.people = people_of(w, 30);
  what.most = 300;
  load running{w, what};
  for (unsigned i = 0; i < std::max(2U, crashes() / 4); ++i) {
    harness::pause(std::chrono::microseconds{50'000 + random() % 200'000});
    w.daemon.kill();
    w.daemon.start();
  }
  CHECK(running.await(what.most, 60s));
  w.acknowledged.merge(running.acknowledged());
  // Intents count, also those that a crash kept from becoming calls.
  const bool filled = harness::eventually(30s, [&] { return w.ledger(false).attempts >= 150; });
  CHECK(filled);
  harness::eventually(30s, [&] { return w.ledger().problems.empty(); });
  const auto report = w.ledger();
  WARN(report.words());
  CHECK(report.held > 0);
  require_agreement(report);
}
