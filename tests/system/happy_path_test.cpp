#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace carillon;
using namespace carillon::test;

namespace {

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

TEST_CASE("an event becomes an SMS whose delivery report comes back") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule(), ann, {{"text", "Your room is ready"}});
  const auto sent = w.simulator.await_messages(ann.phone, 1);
  CHECK(sent[0].body == "Your room is ready");
  REQUIRE(sent[0].ref.has_value());
  CHECK(to_string(sent[0].ref->id) == id);
  const auto shown = w.await_status(id, "delivered");
  CHECK(shown["recipient_id"] == ann.id);
  CHECK(shown["channel"] == "sms");
  REQUIRE(shown["attempts"].size() == 1);
  CHECK(shown["attempts"][0]["provider_message_id"] == sent[0].sid);
  CHECK(shown["attempts"][0]["status"] == "delivered");
  require_agreement(w.ledger());
}

TEST_CASE("the timeline tells the facts in order and the explanation words them") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "delivered");
  // A provider's report may overtake its answer.
  const auto has = [&](const char* type) { return contains(w.timeline(id), type); };
  REQUIRE(harness::eventually(5s, [&] { return has("attempt_succeeded"); }));
  CHECK(has("provider_reported"));
  const auto types = w.timeline(id);
  REQUIRE(types.size() >= 4);
  CHECK(types[0] == "notification_planned");
  CHECK(types[1] == "attempt_started");
  const auto explained = w.api.get("/v1/notifications/" + id + "/explain");
  REQUIRE(explained.status == 200);
  CHECK_FALSE(explained.json()["sentences"].empty());
}

TEST_CASE("a notification appears in its recipient's list") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "delivered");
  const bool listed = harness::eventually(5s, [&] {
    const auto all = w.api.get("/v1/notifications?recipient_id=" + ann.id);
    const auto items = all.json()["items"];
    return all.status == 200 && items.size() == 1 && items[0]["id"] == id
           && items[0]["status"] == "delivered";
  });
  CHECK(listed);
}

TEST_CASE("a notification without a rule is sent") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const json body = {{"recipient_id", ann.id},
                     {"type", "note"},
                     {"category", "transactional"},
                     {"delivery", {{"channels", json::array({{{"channel", "sms"}}})}}},
                     {"content", {{"sms", {{"text", "Directly"}}}}}};
  const auto reply = w.api.post("/v1/notifications", body);
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  CHECK(w.simulator.await_messages(ann.phone, 1)[0].body == "Directly");
  w.await_status(reply.json()["id"], "delivered");
}

TEST_CASE("an event comes in binary form too") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = w.new_rule();
  const json data = {{"who", ann.id}, {"text", "Binary"}};
  const auto reply = w.api.post("/v1/events", data,
                                {{"ce-specversion", "1.0"},
                                 {"ce-type", type},
                                 {"ce-source", "/tests"},
                                 {"ce-id", w.fresh("e-")}});
  only_id(reply);
  CHECK(w.simulator.await_messages(ann.phone, 1)[0].body == "Binary");
}

TEST_CASE("a batch of events is answered one by one, a bad one for itself") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = w.new_rule();
  json batch = json::array();
  for (int i = 0; i < 3; ++i)
    batch.push_back(harness::cloud_event(type, w.fresh("e-"), {{"who", ann.id}, {"text", "B"}}));
  batch[1].erase("type");
  const auto reply
      = w.api.post("/v1/events", batch, {{"Content-Type", "application/cloudevents-batch+json"}});
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  const auto items = reply.json()["items"];
  REQUIRE(items.size() == 3);
  CHECK(items[0]["notifications"].size() == 1);
  CHECK(items[1]["errors"].size() >= 1);
  CHECK(items[2]["notifications"].size() == 1);
  w.simulator.await_messages(ann.phone, 2);
}

TEST_CASE("an event of an unknown type is kept and tells nobody") {
  auto& w = shared_world();
  const auto before = harness::daemon::metric(w.api, "carillon_events_unmatched_total");
  const auto reply = harness::post_event(
      w.api, harness::cloud_event("nobody.listens", w.fresh("e-"), {{"a", 1}}));
  CHECK(reply.status == 202);
  CHECK(reply.json()["notifications"].empty());
  CHECK(harness::daemon::metric(w.api, "carillon_events_unmatched_total") == before + 1);
}

TEST_CASE("an unknown recipient is planned and the step is suppressed for want of a contact") {
  auto& w = shared_world();
  const auto id = w.send(w.new_rule(), person{w.fresh("nobody-"), ""});
  const auto shown = w.await_status(id, "suppressed");
  CHECK(shown["reason"] == "no_contact");
  CHECK(shown["steps"][0]["status"] == "suppressed");
  CHECK(shown["steps"][0]["reason"] == "no_contact");
  CHECK(contains(w.timeline(id), "step_suppressed"));
}
