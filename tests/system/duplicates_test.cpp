#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

#include <mutex>
#include <thread>

using namespace carillon;
using namespace carillon::test;

TEST_CASE("an event posted twice is answered with the same ids and sent once") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto event
      = harness::cloud_event(w.new_rule(), w.fresh("e-"), {{"who", ann.id}, {"text", "Once"}});
  const auto first = harness::post_event(w.api, event);
  const auto second = harness::post_event(w.api, event);
  CHECK(only_id(first) == only_id(second));
  CHECK(first.json()["duplicate"] == false);
  CHECK(second.json()["duplicate"] == true);
  w.await_status(only_id(first), "delivered");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
}

TEST_CASE("an event posted by many at once is planned once") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto event
      = harness::cloud_event(w.new_rule(), w.fresh("e-"), {{"who", ann.id}, {"text", "Once"}});
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      auto client = w.daemon.api();
      const auto reply = harness::post_event(client, event);
      std::lock_guard lock{mutex};
      ids.insert(reply.status == 202 ? reply.json()["notifications"][0]["id"].get<std::string>()
                                     : reply.body);
    });
  for (auto& each : threads)
    each.join();
  CHECK(ids.size() == 1);
  w.await_status(*ids.begin(), "delivered");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
  require_agreement(w.ledger());
}

TEST_CASE("the same id from another source is another event") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  auto event
      = harness::cloud_event(w.new_rule(), w.fresh("e-"), {{"who", ann.id}, {"text", "Twice"}});
  const auto first = only_id(harness::post_event(w.api, event));
  event["source"] = "/elsewhere";
  CHECK(only_id(harness::post_event(w.api, event)) != first);
  w.simulator.await_messages(ann.phone, 2);
}

TEST_CASE("an event is known after a restart, a killed one too") {
  world w;
  const auto ann = w.new_person();
  const auto event
      = harness::cloud_event(w.new_rule(), w.fresh("e-"), {{"who", ann.id}, {"text", "Once"}});
  const auto first = only_id(harness::post_event(w.api, event));
  w.await_status(first, "delivered");
  w.daemon.stop();
  w.daemon.start();
  auto again = harness::post_event(w.api, event);
  CHECK(only_id(again) == first);
  CHECK(again.json()["duplicate"] == true);
  w.daemon.kill();
  w.daemon.start();
  again = harness::post_event(w.api, event);
  CHECK(only_id(again) == first);
  CHECK(w.show(first)["status"] == "delivered");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
  require_agreement(w.ledger());
}

TEST_CASE("an Idempotency-Key replays the answer, and refuses another body") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  json body = {{"recipient_id", ann.id},
               {"type", "note"},
               {"category", "transactional"},
               {"delivery", {{"channels", json::array({{{"channel", "sms"}}})}}},
               {"content", {{"sms", {{"text", "Once"}}}}}};
  const harness::header_list key{{"Idempotency-Key", w.fresh("key-")}};
  const auto first = w.api.post("/v1/notifications", body, key);
  INFO(first.body);
  REQUIRE(first.status == 202);
  const auto second = w.api.post("/v1/notifications", body, key);
  CHECK(second.status == 202);
  CHECK(second.header("idempotency-replayed") == "true");
  CHECK(second.json()["id"] == first.json()["id"]);
  body["content"]["sms"]["text"] = "Another";
  CHECK(w.api.post("/v1/notifications", body, key).status == 422);
  w.await_status(first.json()["id"], "delivered");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
}
