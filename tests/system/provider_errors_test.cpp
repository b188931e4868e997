#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace carillon;
using namespace carillon::test;

namespace {

std::size_t count_of(const std::vector<std::string>& all, std::string_view one) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), one));
}

std::size_t accepted(const std::vector<harness::sim_message>& all) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const auto& m) { return m.accepted; }));
}

} // namespace

TEST_CASE("429 with Retry-After is tried again, and not before") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 429}, {"code", 20429}, {"retry_after", 1}, {"remaining", 1}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "delivered");
  REQUIRE(shown["attempts"].size() == 2);
  CHECK(shown["attempts"][0]["error_class"] == "rate_limited");
  const auto calls = w.simulator.messages(ann.phone);
  REQUIRE(calls.size() == 2);
  CHECK(calls[1].received_at - calls[0].received_at >= 990ms);
  require_agreement(w.ledger());
}

TEST_CASE("500 is tried again with backoff until it works") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 500}, {"remaining", 2}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "delivered");
  REQUIRE(shown["attempts"].size() == 3);
  CHECK(shown["attempts"][0]["error_class"] == "transient");
  CHECK(shown["attempts"][0]["error_code"] != "");
  require_agreement(w.ledger());
}

TEST_CASE("500 for ever ends as a dead letter after the calls of its priority") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 503}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "dead_lettered");
  CHECK(shown["attempts"].size() == 4); // retry.high.calls
  CHECK(w.simulator.messages(ann.phone).size() == 4);
  require_agreement(w.ledger());
}

TEST_CASE("a permanent address error is not tried again and is in the dead letters") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 400}, {"code", 21211}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "dead_lettered");
  REQUIRE(shown["attempts"].size() == 1);
  CHECK(shown["attempts"][0]["error_class"] == "permanent_address");
  CHECK(shown["attempts"][0]["error_code"] == "21211");
  const bool listed = harness::eventually(5s, [&] {
    return w.api.get("/v1/dead-letters?limit=200").body.find(id) != std::string::npos;
  });
  CHECK(listed);
  require_agreement(w.ledger());
}

TEST_CASE("a dead letter that is replayed is sent") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 400}, {"code", 21211}, {"remaining", 1}});
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "dead_lettered");
  const auto reply = w.api.send("POST", "/v1/dead-letters/" + id + "/replay");
  INFO(reply.body);
  CHECK(reply.status / 100 == 2);
  w.await_status(id, "delivered");
  CHECK(count_of(w.timeline(id), "replayed") == 1);
  require_agreement(w.ledger());
}

TEST_CASE("a provider that hangs leaves an unknown outcome that is sent again by policy") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"hang", true}, {"accept", false}, {"remaining", 1}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "delivered");
  const auto types = w.timeline(id);
  CHECK(count_of(types, "outcome_unknown") == 1);
  CHECK(count_of(types, "outcome_settled") == 1);
  CHECK(shown["attempts"].size() == 2);
  CHECK(accepted(w.simulator.messages(ann.phone)) == 1);
  require_agreement(w.ledger());
}

TEST_CASE("a callback settles an unknown outcome, and nothing is sent again") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"hang", true},
                  {"accept", true},
                  {"callbacks", json::array({{{"status", "delivered"}, {"after_ms", 1300}}})}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "delivered");
  const auto types = w.timeline(id);
  CHECK(count_of(types, "outcome_unknown") == 1);
  CHECK(shown["attempts"].size() == 1);
  CHECK(w.simulator.messages(ann.phone).size() == 1);
  require_agreement(w.ledger());
}

TEST_CASE("marketing gives an unknown outcome up instead of sending twice") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"hang", true}, {"accept", true}, {"callbacks", json::array()}});
  const auto id = w.send(w.new_rule({{"category", "marketing"}, {"priority", "low"}}), ann);
  const auto shown = w.await_status(id, "dead_lettered");
  CHECK(shown["attempts"].size() == 1);
  CHECK(w.simulator.messages(ann.phone).size() == 1);
  require_agreement(w.ledger());
}

TEST_CASE("a reset after acceptance is unknown, counted, and sent again") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"close_after_accept", true},
                  {"reset", true},
                  {"callbacks", json::array()},
                  {"remaining", 1}});
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "delivered");
  CHECK(count_of(w.timeline(id), "outcome_unknown") == 1);
  CHECK(accepted(w.simulator.messages(ann.phone)) == 2);
  const auto report = w.ledger();
  CHECK(report.doubled >= 1);
  require_agreement(report);
}

TEST_CASE("an undelivered report takes `sent` back") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"bounce", 30005}});
  const auto id = w.send(w.new_rule(), ann);
  const auto shown = w.await_status(id, "dead_lettered");
  CHECK(shown["steps"][0]["status"] == "bounced");
  CHECK(shown["attempts"][0]["error_code"] == "30005");
}

TEST_CASE("doubled and reordered callbacks change nothing") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"doubled", true}, {"reordered", true}});
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "delivered");
  const bool told = harness::eventually(
      5s, [&] { return w.simulator.messages(ann.phone)[0].callbacks.size() == 4; });
  CHECK(told);
  const auto calls = w.simulator.messages(ann.phone);
  for (const auto& [status, http] : calls[0].callbacks)
    CHECK(http / 100 == 2);
  CHECK(w.show(id)["status"] == "delivered");
}

TEST_CASE("a callback with a wrong signature is refused and not believed") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"bad_signature", true}});
  const auto id = w.send(w.new_rule(), ann);
  const bool told = harness::eventually(5s, [&] {
    const auto calls = w.simulator.messages(ann.phone);
    return calls.size() == 1 && calls[0].callbacks.size() == 2;
  });
  REQUIRE(told);
  const auto calls = w.simulator.messages(ann.phone);
  for (const auto& [status, http] : calls[0].callbacks)
    CHECK(http == 401);
  CHECK(w.show(id)["status"] == "sent");
}

TEST_CASE("while nobody listens at the provider's address messages are dead-lettered, and a replay "
          "goes out when it is back") {
  harness::work_directory directory;
  const auto address = "127.0.0.1:" + std::to_string(harness::free_port());
  harness::daemon_options options;
  options.directory = directory.path();
  options.provider_url = "http://" + address;
  harness::daemon daemon{options};
  daemon.start();
  auto api = daemon.api();
  harness::put_rule(api, "gone", harness::sms_rule("gone", json::object()));
  harness::put_recipient(api, "p-1", {{"contacts", {{"sms", "+436640000001"}}}});
  const auto id = only_id(harness::post_event(
      api, harness::cloud_event("gone", "e-1", {{"who", "p-1"}, {"text", "Hello"}})));
  auto status = [&] { return api.get("/v1/notifications/" + id).json(); };
  REQUIRE(harness::eventually(20s, [&] { return status()["status"] == "dead_lettered"; }));
  const auto attempts = status()["attempts"];
  REQUIRE_FALSE(attempts.empty());
  CHECK(attempts[0]["error_class"] == "transient");
  harness::provider_simulator back{directory.path(), {}, address};
  CHECK(api.send("POST", "/v1/dead-letters/" + id + "/replay").status == 202);
  CHECK(harness::eventually(20s, [&] { return status()["status"] == "delivered"; }));
  CHECK(back.messages().size() == 1);
}
