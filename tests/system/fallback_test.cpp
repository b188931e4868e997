#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace carillon;
using namespace carillon::test;

namespace {

json with_channels(json channels) {
  return {{"delivery", {{"strategy", "fallback"}, {"channels", std::move(channels)}}},
          {"content",
           {{"sms", {{"text", "{{data.text}}"}}},
            {"in_app", {{"title", "News"}, {"body", "{{data.text}}"}}}}}};
}

const json sms_then_in_app = json::array(
    {{{"channel", "sms"}, {"until", "delivered"}, {"timeout", "700ms"}}, {{"channel", "in_app"}}});
const json in_app_then_sms
    = json::array({{{"channel", "in_app"}, {"timeout", "700ms"}}, {{"channel", "sms"}}});

harness::http_client as_recipient(world& w, const person& who) {
  auto client = w.daemon.anyone();
  client.always("Authorization", "Bearer " + harness::token_of(w.api, who.id));
  return client;
}

} // namespace

TEST_CASE("a refused SMS falls back to the inbox") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"status", 400}, {"code", 21211}});
  const auto id
      = w.send(w.new_rule(with_channels(sms_then_in_app)), ann, {{"text", "Read me here"}});
  const auto shown = w.await_status(id, "sent");
  CHECK(shown["channel"] == "in_app");
  auto client = as_recipient(w, ann);
  const auto inbox = client.get("/v1/inbox").json();
  REQUIRE(inbox["items"].size() == 1);
  CHECK(inbox["items"][0]["body"] == "Read me here");
  require_agreement(w.ledger());
}

TEST_CASE("an SMS that is not confirmed in time falls back, and a late report ends the chain") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  w.provide(ann, {{"callbacks", json::array({{{"status", "delivered"}, {"after_ms", 1800}}})}});
  const auto id = w.send(w.new_rule(with_channels(sms_then_in_app)), ann);
  const bool fell_back = harness::eventually(5s, [&] {
    const auto types = w.timeline(id);
    return std::find(types.begin(), types.end(), "fallback_taken") != types.end();
  });
  CHECK(fell_back);
  const auto shown = w.await_status(id, "delivered");
  CHECK(shown["channel"] == "sms");
  CHECK(w.simulator.messages(ann.phone).size() == 1);
  require_agreement(w.ledger());
}

TEST_CASE("an in-app message that is acknowledged is not sent by SMS") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule(with_channels(in_app_then_sms)), ann);
  auto client = as_recipient(w, ann);
  const auto reply = client.send("POST", "/v1/inbox/" + id + "/ack");
  INFO(reply.body);
  CHECK(reply.status / 100 == 2);
  CHECK(w.show(id)["status"] == "delivered");
  // The time-out of the step passes with nothing sent: another person's fallback is the clock.
  const auto ben = w.new_person();
  const auto other = w.send(w.new_rule(with_channels(in_app_then_sms)), ben);
  w.simulator.await_messages(ben.phone, 1);
  CHECK(w.simulator.messages(ann.phone).empty());
  w.await_status(other, "delivered");
  require_agreement(w.ledger());
}

TEST_CASE("an in-app message that nobody reads in time is sent by SMS") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule(with_channels(in_app_then_sms)), ann);
  w.simulator.await_messages(ann.phone, 1);
  const auto shown = w.await_status(id, "delivered");
  CHECK(shown["channel"] == "sms");
  auto client = as_recipient(w, ann);
  CHECK(client.get("/v1/inbox").json()["items"].size() == 1); // the item stays
  require_agreement(w.ledger());
}

TEST_CASE("`all` sends on each channel") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  auto rule = with_channels(json::array({{{"channel", "sms"}}, {{"channel", "in_app"}}}));
  rule["delivery"]["strategy"] = "all";
  const auto id = w.send(w.new_rule(rule), ann);
  w.simulator.await_messages(ann.phone, 1);
  w.await_status(id, "delivered");
  auto client = as_recipient(w, ann);
  CHECK(client.get("/v1/inbox").json()["items"].size() == 1);
}
