#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

#include <ctime>

using namespace carillon;
using namespace carillon::test;

namespace {

// Seconds to add to the real clock so that it shows that time of the next day, UTC.
std::chrono::seconds offset_to(std::chrono::seconds time_of_day) {
  const auto now = std::chrono::system_clock::now();
  const auto today = std::chrono::floor<std::chrono::days>(now);
  return std::chrono::duration_cast<std::chrono::seconds>(today + std::chrono::days{1} + time_of_day
                                                          - now);
}

const json night
    = {{"quiet_hours",
        {{"enabled", true}, {"start", "22:00"}, {"end", "08:00"}, {"timezone", "UTC"}}}};

} // namespace

TEST_CASE("quiet hours hold a message and release it at their end, a restart in between") {
  world w;
  w.daemon.set_clock_offset(offset_to(23h));
  const auto ann = w.new_person();
  harness::expect(w.api.put("/v1/recipients/" + ann.id + "/preferences", night), 200, "night");
  const auto id = w.send(w.new_rule(), ann);
  const auto held = w.await_status(id, "deferred");
  CHECK(held["reason"] == "quiet_hours");
  w.daemon.kill();
  w.daemon.start();
  CHECK(w.show(id)["status"] == "deferred");
  w.daemon.set_clock_offset(offset_to(31h + 59min + 58s)); // two seconds before eight
  CHECK(w.simulator.messages(ann.phone).empty());
  const auto sent = w.simulator.await_messages(ann.phone, 1);
  w.await_status(id, "delivered");
  const auto facts = harness::read_journal(w.daemon.database_url());
  for (const auto& row : facts)
    if (std::holds_alternative<attempt_started>(row.body))
      CHECK(row.at.time_since_epoch() % std::chrono::days{1} >= 8h);
  require_agreement(w.ledger(true, false));
}

TEST_CASE("an exception of the quiet hours is sent in them") {
  world w;
  w.daemon.set_clock_offset(offset_to(23h));
  const auto ann = w.new_person();
  auto preferences = night;
  preferences["quiet_hours"]["exceptions"] = json::array({"transactional"});
  harness::expect(w.api.put("/v1/recipients/" + ann.id + "/preferences", preferences), 200,
                  "night");
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "delivered");
}

TEST_CASE("a step back of the clock makes nothing early and repeats nothing") {
  world w;
  const auto ann = w.new_person();
  const auto first = w.send(w.new_rule(), ann);
  w.await_status(first, "delivered");
  w.daemon.set_clock_offset(-1h);
  const auto late = w.send(w.new_rule({{"timing", "delay:30min"}}), ann);
  CHECK(w.show(late)["status"] == "scheduled");
  w.daemon.set_clock_offset(-30min + 2s);
  w.await_status(late, "delivered");
  CHECK(w.simulator.messages(ann.phone).size() == 2);
}

TEST_CASE("limits hold what is over them and release it when the window has moved") {
  world_options options;
  options.limits = true;
  options.toml = "[limits.sms]\nper_minute = 3\nper_hour = 100\nper_day = 100\n";
  options.ledger_limits = {3, 100, 100};
  world w{options};
  const auto ann = w.new_person();
  const auto type = w.new_rule();
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i)
    ids.push_back(w.send(type, ann));
  w.simulator.await_messages(ann.phone, 3);
  w.await_status(ids.back(), "rate_limited");
  CHECK(w.simulator.messages(ann.phone).size() == 3);
  w.daemon.kill(); // reservations are rebuilt
  w.daemon.start();
  CHECK(w.show(ids.back())["status"] == "rate_limited");
  w.daemon.set_clock_offset(61s);
  w.simulator.await_messages(ann.phone, 6);
  w.daemon.set_clock_offset(122s);
  w.simulator.await_messages(ann.phone, 7);
  for (const auto& id : ids)
    w.await_status(id, "delivered");
  require_agreement(w.ledger(true, false));
}

TEST_CASE("do-not-disturb holds until its end") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto end = std::chrono::time_point_cast<duration>(std::chrono::system_clock::now() + 2s);
  harness::expect(w.api.put("/v1/recipients/" + ann.id + "/preferences",
                            {{"do_not_disturb", {{"enabled", true}, {"until", to_rfc3339(end)}}}}),
                  200, "do not disturb");
  const auto id = w.send(w.new_rule(), ann);
  const auto held = w.await_status(id, "deferred");
  CHECK(held["reason"] == "do_not_disturb");
  const auto sent = w.simulator.await_messages(ann.phone, 1);
  CHECK(sent[0].received_at >= std::chrono::floor<std::chrono::milliseconds>(end));
  w.await_status(id, "delivered");
}

TEST_CASE("a channel switched off suppresses its step with the reason") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  harness::expect(w.api.put("/v1/recipients/" + ann.id + "/preferences",
                            {{"channels", {{"sms", {{"enabled", false}}}}}}),
                  200, "off");
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "suppressed");
  CHECK(shown["steps"][0]["reason"] == "channel_disabled");
  CHECK(w.simulator.messages(ann.phone).empty());
}
