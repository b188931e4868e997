#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <mutex>
#include <random>
#include <thread>

using namespace carillon;
using namespace carillon::test;

namespace {

std::string cancel(harness::http_client& api, const std::string& id) {
  const auto reply = api.send("POST", "/v1/notifications/" + id + "/cancel");
  if (reply.status != 200)
    return std::to_string(reply.status) + reply.body;
  return reply.json().at("result");
}

// What the answer must be, by what the provider took.
std::string truth(const std::vector<harness::sim_message>& calls) {
  bool unanswered = false;
  for (const auto& call : calls) {
    if (call.accepted && call.answer == "answered")
      return "already_sent";
    unanswered = unanswered || call.accepted;
  }
  return unanswered ? "outcome_unknown" : "cancelled";
}

} // namespace

TEST_CASE("what waits is cancelled and never sent") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule({{"timing", "delay:1h"}}), ann);
  CHECK(w.show(id)["status"] == "scheduled");
  CHECK(cancel(w.api, id) == "cancelled");
  CHECK(cancel(w.api, id) == "cancelled");
  CHECK(w.show(id)["status"] == "cancelled");
  CHECK(w.show(id)["reason"] == "cancelled_by_request");
  CHECK(w.simulator.messages(ann.phone).empty());
}

TEST_CASE("a cancel during the call waits for its answer") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"delay_ms", 500}});
  const auto id = w.send(w.new_rule(), ann);
  w.simulator.await_messages(ann.phone, 1);
  CHECK(cancel(w.api, id) == "already_sent");
  w.await_status(id, "delivered");
}

TEST_CASE("a cancel during a call that hangs says that the outcome is unknown") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"hang", true}, {"accept", true}, {"callbacks", json::array()}});
  const auto id = w.send(w.new_rule(), ann);
  w.simulator.await_messages(ann.phone, 1);
  CHECK(cancel(w.api, id) == "outcome_unknown");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
}

TEST_CASE("a cancel between two tries ends them") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 429}, {"code", 20429}, {"retry_after", 1}});
  const auto id = w.send(w.new_rule(), ann);
  w.simulator.await_messages(ann.phone, 1);
  CHECK(cancel(w.api, id) == "cancelled");
  CHECK(w.show(id)["status"] == "cancelled");
  require_agreement(w.ledger());
}

TEST_CASE("an unknown id is not found") {
  auto& w = shared_world();
  CHECK(w.api.send("POST", "/v1/notifications/0190f000-0000-7000-8000-000000000000/cancel").status
        == 404);
  CHECK(w.api.send("POST", "/v1/notifications/nonsense/cancel").status == 404);
}

TEST_CASE("racing cancels all say what the provider's record says") {
  auto& w = shared_world();
  const auto type = w.new_rule();
  w.await_status(w.send(type, w.new_person()), "delivered"); // the provider is not left alone now
  std::mt19937 random{7};
  std::map<std::string, person> sent;
  for (int i = 0; i < 60; ++i) {
    const auto who = w.new_person();
    w.provide(who, {{"delay_ms", random() % 120}});
    sent.emplace(w.send(type, who), who);
  }
  std::mutex mutex;
  std::map<std::string, std::set<std::string>> answers;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      auto client = w.daemon.api();
      for (const auto& [id, who] : sent) {
        const auto answer = cancel(client, id);
        std::lock_guard lock{mutex};
        answers[id].insert(answer);
      }
    });
  for (auto& each : threads)
    each.join();
  for (const auto& [id, all] : answers) {
    INFO(id << " " << w.show(id).dump());
    REQUIRE(all.size() == 1);
    CHECK(*all.begin() == truth(w.simulator.messages(sent.at(id).phone)));
  }
  require_agreement(w.ledger());
}
