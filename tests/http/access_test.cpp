#include "tests/http/fake_engine.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;

namespace {

const std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";

json body_of(const raw_response& what) {
  return json::parse(what.body);
}

} // namespace

TEST_CASE("without credentials it is 401, with wrong ones too", "[http][auth]") {
  api_fixture world{echo_script()};
  auto answer = world.ask_as("", "GET", "/v1/notifications");
  CHECK(answer.status == 401);
  CHECK(answer.header("www-authenticate") == "Bearer");
  CHECK(world.ask_as("wrong", "GET", "/v1/notifications").status == 401);
  CHECK(world.ask_as("a.b.c", "GET", "/v1/notifications").status == 401);
  CHECK(world.ask("GET", "/v1/notifications").status == 200);
}

TEST_CASE("a refused body on a refused request does not break the connection", "[http][auth]") {
  api_fixture world{echo_script()};
  raw_client client{world.port()};
  const auto answer = client.ask(request_text("POST", "/v1/notifications", R"({"a":1})"));
  REQUIRE(answer);
  CHECK(answer->status == 401);
  CHECK(client.ask(request_text("GET", "/livez"))->status == 200);
}

TEST_CASE("a recipient's token opens only the recipient's own things", "[http][auth]") {
  api_fixture world{echo_script()};
  const auto token = world.token_of("p-1");
  CHECK(world.ask_as(token, "GET", "/v1/inbox").status == 200);
  CHECK(world.ask_as(token, "GET", "/v1/recipients/p-1/preferences").status == 200);
  CHECK(world.ask_as(token, "PUT", "/v1/recipients/p-1/preferences", "{}").status == 200);
  CHECK(world.ask_as(token, "GET", "/v1/recipients/p-2/preferences").status == 403);
  CHECK(world.ask_as(token, "GET", "/v1/recipients/p-1").status == 403);
  CHECK(world.ask_as(token, "POST", "/v1/recipients/p-1/tokens").status == 403);
  CHECK(world.ask_as(token, "GET", "/v1/notifications").status == 403);
  CHECK(world.ask_as(token, "POST", "/v1/events", "{}").status == 403);
  CHECK(world.ask("GET", "/v1/inbox").status == 403);
}

TEST_CASE("a token ends, and a changed one is none", "[http][auth]") {
  api_fixture world{echo_script()};
  const auto made = world.ask("POST", "/v1/recipients/p-1/tokens");
  REQUIRE(made.status == 201);
  CHECK(body_of(made)["expires_at"] == "2026-11-23T09:15:00.000Z");
  const std::string token = body_of(made)["token"];
  auto changed = token;
  changed[token.find('.') + 5] = changed[token.find('.') + 5] == 'A' ? 'B' : 'A';
  CHECK(world.ask_as(changed, "GET", "/v1/inbox").status == 401);
  CHECK(world.ask_as(token, "GET", "/v1/inbox").status == 200);
  world.clock.at += duration{std::chrono::minutes{16}}.count();
  CHECK(world.ask_as(token, "GET", "/v1/inbox").status == 401);
  CHECK(world.ask("POST", "/v1/recipients/p-1/tokens", R"({"expires_in":"48h","x":1})").status
        == 422);
}

TEST_CASE("a token signed with no algorithm is none", "[http][auth]") {
  api_fixture world{echo_script()};
  const auto token = world.token_of("p-1");
  const auto payload = token.substr(token.find('.'), token.rfind('.') - token.find('.'));
  CHECK(world.ask_as("eyJhbGciOiJub25lIn0" + payload + ".", "GET", "/v1/inbox").status == 401);
}

TEST_CASE("the same key and body replay the kept answer, another body is 422",
          "[http][idempotency]") {
  api_fixture world{echo_script()};
  const std::string key = "Idempotency-Key: k2\r\n";
  const auto first = world.ask("POST", "/v1/notifications", R"({"a":1})", key);
  const auto again = world.ask("POST", "/v1/notifications", R"({"a":1})", key);
  CHECK(first.header("idempotency-replayed").empty());
  CHECK(again.header("idempotency-replayed") == "true");
  CHECK(again.status == first.status);
  CHECK(again.body == first.body);
  CHECK(world.runs == 1);
  CHECK(world.ask("POST", "/v1/notifications", R"({"a":2})", key).status == 422);
  CHECK(world.ask("POST", "/v1/notifications/" + id + "/cancel", "", key).status
        == 200); // another route
}

TEST_CASE("a kept refusal is replayed as a problem, a 5xx is not kept", "[http][idempotency]") {
  auto script = echo_script();
  script.command = [](const notification_command& what) -> caf::result<answer> {
    if (what.what == notification_command::verb::cancel)
      return make_error(errc::overloaded);
    answer refused;
    refused.what = answer::kind::not_found;
    return refused;
  };
  api_fixture world{script};
  const std::string key = "Idempotency-Key: k3\r\n";
  for (int i = 0; i < 2; ++i)
    CHECK(world.ask("POST", "/v1/notifications/" + id + "/cancel", "", key).status == 503);
  CHECK(world.runs == 2);
  for (int i = 0; i < 2; ++i) {
    const auto answer = world.ask("POST", "/v1/notifications/" + id + "/resend", "", key);
    CHECK(answer.status == 404);
    CHECK(answer.header("content-type") == "application/problem+json");
  }
  CHECK(world.runs == 3);
}

TEST_CASE("a key whose first request still runs is 409", "[http][idempotency]") {
  api_fixture world{echo_script()};
  world.kept["POST /v1/notifications k4"] = to_hex(make_hash(R"({"a":1})", "", "application/json"));
  CHECK(world.ask("POST", "/v1/notifications", R"({"a":1})", "Idempotency-Key: k4\r\n").status
        == 409);
}

TEST_CASE("a token is never kept under a key", "[http][idempotency]") {
  api_fixture world{echo_script()};
  world.ask("POST", "/v1/recipients/p-1/tokens", "", "Idempotency-Key: k5\r\n");
  CHECK(world.kept.empty());
}

TEST_CASE("a keyed request whose actor dies is 503", "[http][idempotency]") {
  auto script = echo_script();
  script.command = [](const notification_command&) -> caf::result<answer> {
    throw std::runtime_error{"planned"};
  };
  api_fixture world{script};
  const auto key = std::string{"Idempotency-Key: k6\r\n"};
  CHECK(world.ask("POST", "/v1/notifications/" + id + "/cancel", "", key).status == 503);
}
