#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

void check_problem(const harness::http_reply& reply, int status, const std::string& pointer = {}) {
  INFO(reply.status << " " << reply.body);
  CHECK(reply.status == status);
  CHECK(reply.header("content-type").starts_with("application/problem+json"));
  const auto body = reply.json();
  CHECK(body["status"] == status);
  CHECK(body.contains("title"));
  if (pointer.empty())
    return;
  bool found = false;
  for (const auto& each : body.at("errors"))
    found = found || each["pointer"] == pointer;
  CHECK(found);
}

json good_event(world& w) {
  return harness::cloud_event("nobody.listens", w.fresh("e-"), {{"a", 1}});
}

} // namespace

TEST_CASE("a malformed CloudEvent is refused with a pointer") {
  auto& w = shared_world();
  auto event = good_event(w);
  event.erase("type");
  check_problem(harness::post_event(w.api, event), 422, "/type");
  event = good_event(w);
  event["specversion"] = "0.3";
  check_problem(harness::post_event(w.api, event), 422, "/specversion");
  event = good_event(w);
  event["time"] = "yesterday";
  check_problem(harness::post_event(w.api, event), 422, "/time");
  event = good_event(w);
  event["data"] = 7;
  check_problem(harness::post_event(w.api, event), 422, "/data");
  event = good_event(w);
  event["id"] = "";
  check_problem(harness::post_event(w.api, event), 422, "/id");
}

TEST_CASE("what is not JSON is 400") {
  auto& w = shared_world();
  check_problem(w.api.send("POST", "/v1/events",
                           "{\"a\":", {{"Content-Type", "application/cloudevents+json"}}),
                400);
  check_problem(w.api.send("POST", "/v1/events", "a,b", {{"Content-Type", "text/csv"}}), 400);
}

TEST_CASE("an extension attribute of an event is no error") {
  auto& w = shared_world();
  auto event = good_event(w);
  event["myextension"] = "kept";
  CHECK(harness::post_event(w.api, event).status == 202);
}

TEST_CASE("a body over the limit is 413, and the connection can be opened again") {
  auto& w = shared_world();
  const std::string large(1'200'000, 'x');
  check_problem(
      w.api.send("POST", "/v1/events", large, {{"Content-Type", "application/cloudevents+json"}}),
      413);
  CHECK(w.api.get("/livez").status == 200);
}

TEST_CASE("a bad recipient body names the field") {
  auto& w = shared_world();
  const auto put = [&](const json& body) { return w.api.put("/v1/recipients/p-bad", body); };
  check_problem(put({{"timezone", "Mars/Olympus"}}), 422, "/timezone");
  check_problem(put({{"contacts", {{"sms", "12"}}}}), 422, "/contacts/sms");
  check_problem(put({{"contcts", json::object()}}), 422, "/contcts");
  check_problem(put({{"first_name", 5}}), 422, "/first_name");
}

TEST_CASE("a bad notification body names the field") {
  auto& w = shared_world();
  const auto post = [&](const json& body) { return w.api.post("/v1/notifications", body); };
  const json content = {{"sms", {{"text", "x"}}}};
  check_problem(post({{"category", "transactional"}, {"content", content}}), 422, "/recipient_id");
  check_problem(post({{"recipient_id", "p"}, {"category", "nonsense"}, {"content", content}}), 422,
                "/category");
  check_problem(post({{"recipient_id", "p"},
                      {"category", "transactional"},
                      {"content", content},
                      {"sent_at", "2026-11-23T09:00:00Z"}}),
                422, "/sent_at");
}

TEST_CASE("a bad rule names the field") {
  auto& w = shared_world();
  const auto rule = harness::sms_rule("t", {{"timing", "sometimes"}});
  check_problem(w.api.put("/v1/rules/bad", rule), 422, "/notifications/0/timing");
}

TEST_CASE("what is not there is 404, the wrong method 405, no key 401") {
  auto& w = shared_world();
  check_problem(w.api.get("/v1/nothing"), 404);
  check_problem(w.api.get("/v1/notifications/nonsense"), 404);
  const auto wrong = w.api.send("DELETE", "/v1/events");
  check_problem(wrong, 405);
  CHECK(wrong.header("allow").find("POST") != std::string::npos);
  auto nobody = w.daemon.anyone();
  check_problem(nobody.get("/v1/notifications"), 401);
  CHECK(nobody.get("/livez").status == 200);
  CHECK(nobody.get("/readyz").status == 200);
}

TEST_CASE("bytes that are not HTTP are refused and harm nobody") {
  auto& w = shared_world();
  auto client = w.daemon.anyone();
  CHECK(client.exchange("NONSENSE\r\n\r\n").status == 400);
  client.disconnect();
  CHECK(client.exchange("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'y') + "\r\n\r\n")
            .status
        == 431);
  CHECK(w.api.get("/livez").status == 200);
}

TEST_CASE("the served documents describe the interface") {
  auto& w = shared_world();
  const auto openapi = w.api.get("/openapi.json");
  REQUIRE(openapi.status == 200);
  CHECK(openapi.json()["openapi"].get<std::string>().starts_with("3.1"));
  const auto asyncapi = w.api.get("/asyncapi.json");
  REQUIRE(asyncapi.status == 200);
  CHECK(asyncapi.json()["asyncapi"].get<std::string>().starts_with("3."));
}
