#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

std::string in(std::chrono::milliseconds from_now) {
  return to_rfc3339(std::chrono::time_point_cast<duration>(std::chrono::system_clock::now())
                    + from_now);
}

// A rule for `<type>`, and that `<type>.gone` cancels and `<type>.moved` moves what it planned.
std::string appointment_rules(world& w) {
  const json reminder = {{"timing", "at:data.startsAt -1s"},
                         {"correlation_key", "appointment:{{data.appointment}}"}};
  const auto keys = json::array({"appointment:{{data.appointment}}"});
  const auto type = w.new_rule(reminder);
  harness::put_rule(
      w.api, w.fresh("rule_"),
      {{"event", type + ".gone"}, {"notifications", json::array()}, {"cancels", keys}});
  auto moves = harness::sms_rule(type, reminder); // the same notification, at its new time
  moves["event"] = type + ".moved";
  moves["reschedules"] = keys;
  harness::put_rule(w.api, w.fresh("rule_"), moves);
  return type;
}

harness::http_reply tell(world& w, const std::string& type, const person& who, const json& data) {
  json all = {{"who", who.id}, {"text", "later"}};
  all.merge_patch(data);
  return harness::post_event(w.api, harness::cloud_event(type, w.fresh("e-"), all));
}

} // namespace

TEST_CASE("a delayed notification is sent when it is due and not before") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto began = std::chrono::system_clock::now();
  const auto id = w.send(w.new_rule({{"timing", "delay:1s"}}), ann);
  const auto sent = w.simulator.await_messages(ann.phone, 1);
  const auto took = sent[0].received_at - std::chrono::time_point_cast<duration>(began);
  CHECK(took >= 1s);
  w.await_status(id, "delivered");
}

TEST_CASE("a notification at a time of the payload is sent then") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = w.new_rule({{"timing", "at:data.startsAt -1s"}});
  const auto id = w.send(type, ann, {{"startsAt", in(2s)}});
  CHECK(w.show(id)["status"] == "scheduled");
  w.simulator.await_messages(ann.phone, 1);
  w.await_status(id, "delivered");
}

TEST_CASE("an event cancels what an earlier one planned, by correlation key") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = appointment_rules(w);
  const json data = {{"appointment", w.fresh("a-")}, {"startsAt", in(1h)}};
  const auto id = w.send(type, ann, data);
  REQUIRE(tell(w, type + ".gone", ann, data).status == 202);
  const auto shown = w.await_status(id, "cancelled");
  CHECK(shown["reason"] == "cancelled_by_event");
}

TEST_CASE("an event moves what an earlier one planned, by correlation key") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = appointment_rules(w);
  json data = {{"appointment", w.fresh("a-")}, {"startsAt", in(1h)}};
  const auto id = w.send(type, ann, data);
  data["startsAt"] = in(2s);
  REQUIRE(tell(w, type + ".moved", ann, data).status == 202);
  w.simulator.await_messages(ann.phone, 1);
  w.await_status(id, "delivered");
  require_agreement(w.ledger());
}

TEST_CASE("what expires while it waits is not sent") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 429}, {"code", 20429}, {"retry_after", 2}});
  const auto id = w.send(w.new_rule({{"expires", "500ms"}}), ann);
  w.await_status(id, "expired");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
  require_agreement(w.ledger());
}

TEST_CASE("a schedule outlives kill -9") {
  world w;
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule({{"timing", "delay:3s"}}), ann);
  w.daemon.kill();
  w.daemon.start();
  CHECK(w.show(id)["status"] == "scheduled");
  w.simulator.await_messages(ann.phone, 1);
  w.await_status(id, "delivered");
  require_agreement(w.ledger());
}
