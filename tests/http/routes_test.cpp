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

int number(notification_command::verb what) {
  return static_cast<int>(what);
}

} // namespace

TEST_CASE("a notification is passed on with its Idempotency-Key", "[http][routes]") {
  api_fixture world{echo_script()};
  const auto answer = world.ask("POST", "/v1/notifications", R"({"recipient_id":"p-1"})",
                                "Idempotency-Key: k1\r\n");
  REQUIRE(answer.status == 202);
  CHECK(body_of(answer)["key"] == "k1");
  CHECK(body_of(answer)["body"]["recipient_id"] == "p-1");
  CHECK(world.ask("POST", "/v1/notifications", "[]").status == 422);
  CHECK(world.ask("POST", "/v1/notifications", "{}", "Content-Type: text/plain\r\n").status == 202);
  CHECK(world.ask("POST", "/v1/notifications", "a=b", "Content-Type: text/plain\r\n").status
        == 400);
}

TEST_CASE("commands about a notification reach its owner", "[http][routes]") {
  api_fixture world{echo_script()};
  using verb = notification_command::verb;
  const auto at = "/v1/notifications/" + id;
  CHECK(body_of(world.ask("GET", at))["verb"] == number(verb::show));
  CHECK(body_of(world.ask("GET", at + "/timeline"))["verb"] == number(verb::timeline));
  CHECK(body_of(world.ask("GET", at + "/explain"))["verb"] == number(verb::explain));
  CHECK(body_of(world.ask("POST", at + "/cancel"))["verb"] == number(verb::cancel));
  CHECK(body_of(world.ask("POST", at + "/resend", "{}"))["verb"] == number(verb::resend));
  CHECK(body_of(world.ask("POST", "/v1/dead-letters/" + id + "/replay"))["verb"]
        == number(verb::replay));
  const auto put_aside
      = body_of(world.ask("POST", "/v1/dead-letters/" + id + "/discard", R"({"reason":"old"})"));
  CHECK(put_aside["verb"] == number(verb::discard));
  CHECK(put_aside["note"] == "old");
  CHECK(world.ask("POST", "/v1/dead-letters/" + id + "/discard", R"({"because":"old"})").status
        == 422);
  CHECK(world.ask("GET", "/v1/notifications/nonsense").status == 404);
  CHECK(world.ask("GET", "/v1/notifications/" + std::string(36, '0')).status == 404);
  CHECK(world.ask("PATCH", at, "{}").status == 405);
}

TEST_CASE("lists read their parameters and refuse unknown ones", "[http][routes]") {
  api_fixture world{echo_script()};
  const auto body = body_of(world.ask("GET", "/v1/"
                                             "notifications?recipient_id=p%201&status=sent&limit=5&"
                                             "cursor=abc&since=2026-11-23T09:00:00Z"));
  CHECK(body["recipient"] == "p 1");
  CHECK(body["status"] == "sent");
  CHECK(body["limit"] == 5);
  CHECK(body["cursor"] == "abc");
  CHECK(body["since"] == "2026-11-23T09:00:00.000Z");
  const auto refused
      = world.ask("GET", "/v1/notifications?status=gone&limit=201&colour=red&until=soon");
  CHECK(refused.status == 422);
  CHECK(body_of(refused)["errors"].size() == 4);
}

TEST_CASE("recipients, devices, consents and preferences go to the owner", "[http][routes]") {
  api_fixture world{echo_script()};
  using verb = recipient_command::verb;
  const auto is = [](const raw_response& what, verb meaning) {
    return body_of(what)["verb"] == static_cast<int>(meaning);
  };
  const std::string at = "/v1/recipients/p%2F1";
  const auto got = world.ask("GET", at);
  CHECK(got.header("etag") == "\"7\"");
  CHECK(body_of(got)["recipient"] == "p/1");
  const auto put = world.ask("PUT", at, R"({"name":"Ada"})", "If-Match: \"6\"\r\n");
  CHECK(is(put, verb::put));
  CHECK(body_of(put)["match"] == 6);
  CHECK(world.ask("PUT", at, "{}", "If-Match: \"x\"\r\n").status == 412);
  CHECK(world.ask("PUT", at, "{}", "If-Match: W/\"6\"\r\n").status == 412);
  CHECK(is(world.ask("PATCH", at, "{}", "Content-Type: application/merge-patch+json\r\n"),
           verb::patch));
  CHECK(is(world.ask("DELETE", at), verb::erase));
  const auto device = world.ask("PUT", at + "/devices/tok%3A1", R"({"platform":"fcm"})");
  CHECK(is(device, verb::put_device));
  CHECK(body_of(device)["key"] == "tok:1");
  CHECK(is(world.ask("DELETE", at + "/devices/t"), verb::remove_device));
  CHECK(is(world.ask("POST", at + "/consents", "{}"), verb::add_consent));
  CHECK(is(world.ask("GET", at + "/consents"), verb::list_consents));
  CHECK(is(world.ask("GET", at + "/preferences"), verb::get_preferences));
  CHECK(is(world.ask("GET", at + "/preferences?resolved=true"), verb::get_resolved_preferences));
  CHECK(is(world.ask("PUT", at + "/preferences", "{}"), verb::put_preferences));
  CHECK(is(world.ask("PATCH", at + "/preferences", "{}"), verb::patch_preferences));
  CHECK(world.ask("GET", "/v1/recipients/" + std::string(300, 'x')).status == 404);
  CHECK(world.ask("GET", "/v1/recipients/a%00b").status == 404);
}

TEST_CASE("rules, templates and the shared layers go to the catalogue", "[http][routes]") {
  api_fixture world{echo_script()};
  using kind = catalogue_command::kind;
  using verb = catalogue_command::verb;
  const auto is = [&](const raw_response& what, kind of, verb meaning) {
    const auto body = body_of(what);
    return body["kind"] == static_cast<int>(of) && body["verb"] == static_cast<int>(meaning);
  };
  CHECK(is(world.ask("PUT", "/v1/rules/r1", R"({"event":"x"})"), kind::rule, verb::put));
  CHECK(is(world.ask("GET", "/v1/rules/r1"), kind::rule, verb::get));
  CHECK(is(world.ask("DELETE", "/v1/rules/r1"), kind::rule, verb::erase));
  CHECK(is(world.ask("GET", "/v1/rules"), kind::rule, verb::list));
  CHECK(is(world.ask("POST", "/v1/rules/dry-run", "{}"), kind::rule, verb::dry_run));
  CHECK(is(world.ask("PUT", "/v1/templates/t", "{}"), kind::template_, verb::put));
  CHECK(is(world.ask("GET", "/v1/templates/t/versions"), kind::template_, verb::versions));
  CHECK(is(world.ask("POST", "/v1/templates/t/preview", "{}"), kind::template_, verb::preview));
  const auto active = world.ask("POST", "/v1/templates/t/versions/3/activate");
  CHECK(is(active, kind::template_, verb::activate));
  CHECK(body_of(active)["version"] == 3);
  CHECK(
      is(world.ask("POST", "/v1/templates/t/versions/3/archive"), kind::template_, verb::archive));
  CHECK(world.ask("POST", "/v1/templates/t/versions/0/archive").status == 404);
  CHECK(world.ask("POST", "/v1/templates/t/versions/x/archive").status == 404);
  CHECK(is(world.ask("GET", "/v1/preferences"), kind::global_preferences, verb::get));
  CHECK(is(world.ask("PUT", "/v1/organizations/o/preferences", "{}"),
           kind::organization_preferences, verb::put));
  CHECK(is(world.ask("PATCH", "/v1/providers/d/preferences", "{}"), kind::provider_preferences,
           verb::patch));
}

TEST_CASE("a preview for a recipient goes with the recipient's profile", "[http][routes]") {
  auto script = echo_script();
  script.recipient = [](const recipient_command& what) -> caf::result<answer> {
    answer unknown;
    unknown.what = answer::kind::not_found;
    return what.recipient.str() == "p-1" ? ok(R"({"id":"p-1","first_name":"Ada"})") : unknown;
  };
  api_fixture world{script};
  const auto at = "/v1/templates/t/preview";
  const auto known = body_of(world.ask("POST", at, R"({"recipient_id":"p-1"})"));
  CHECK(known["body"] == json{{"recipient_id", "p-1"}, {"profile", {{"first_name", "Ada"}}}});
  const auto unknown = body_of(world.ask("POST", at, R"({"recipient_id":"p-2"})"));
  CHECK(unknown["body"] == json{{"recipient_id", "p-2"}});
}

TEST_CASE("the domain's refusals become problems", "[http][routes]") {
  auto script = echo_script();
  script.catalogue = [](const catalogue_command& what) -> caf::result<answer> {
    answer refused;
    refused.what = what.name == "gone"    ? answer::kind::not_found
                   : what.name == "stale" ? answer::kind::precondition_failed
                   : what.name == "busy"  ? answer::kind::conflict
                                          : answer::kind::invalid;
    refused.problems = {{"/event", "is required"}};
    return refused;
  };
  api_fixture world{script};
  CHECK(world.ask("GET", "/v1/rules/gone").status == 404);
  CHECK(world.ask("PUT", "/v1/rules/stale", "{}").status == 412);
  CHECK(world.ask("PUT", "/v1/rules/busy", "{}").status == 409);
  const auto invalid = world.ask("PUT", "/v1/rules/x", "{}");
  CHECK(invalid.status == 422);
  CHECK(body_of(invalid)["errors"]
        == json::array({{{"pointer", "/event"}, {"message", "is required"}}}));
  CHECK(body_of(invalid)["instance"] == "/v1/rules/x");
}

TEST_CASE("the inbox is read and changed by its recipient", "[http][routes]") {
  api_fixture world{echo_script()};
  const auto token = world.token_of("p-1");
  const auto listed = body_of(
      world.ask_as(token, "GET", "/v1/inbox?state=unread&q=room+ready&limit=2&cursor=17"));
  CHECK(listed["recipient"] == "p-1");
  CHECK(listed["state"] == "unread");
  CHECK(listed["q"] == "room ready");
  CHECK(listed["before"] == 17);
  CHECK(world.ask_as(token, "GET", "/v1/inbox?state=lost&cursor=x").status == 422);
  const auto at = "/v1/inbox/" + id;
  CHECK(body_of(world.ask_as(token, "POST", at + "/read"))["id"] == id);
  CHECK(body_of(world.ask_as(token, "POST", at + "/act", R"({"action":"yes"})"))["action"]
        == "yes");
  CHECK(world.ask_as(token, "POST", at + "/act", "{}").status == 422);
  CHECK(world.ask_as(token, "POST", "/v1/inbox/read-all").status == 200);
  CHECK(world.ask_as(token, "POST", "/v1/inbox/x/read").status == 404);
}

TEST_CASE("a stream's connection is given away with who it is", "[http][routes]") {
  api_fixture world{echo_script()};
  const auto token = world.token_of("p-1");
  const auto upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  SECTION("token in Authorization") {
    CHECK(world.ask_as(token, "GET", "/v1/stream", "", upgrade).status == 101);
  }
  SECTION("token in the subprotocols") {
    CHECK(world
              .ask_as("", "GET", "/v1/stream", "",
                      upgrade + ("Sec-WebSocket-Protocol: carillon.v1, bearer." + token + "\r\n"))
              .status
          == 101);
  }
  SECTION("token in the query, server-sent events") {
    const auto answer = world.ask_as("", "GET", "/v1/stream?access_token=" + token, "",
                                     "Accept: text/event-stream\r\n");
    CHECK(answer.status == 101);
    CHECK(answer.header("x-target") == "/v1/stream?access_token=" + token);
  }
  const std::lock_guard guard{world.mutex};
  CHECK(world.streams == std::vector<std::string>{"default/p-1"});
}

TEST_CASE("a stream needs a token and an upgrade", "[http][routes]") {
  api_fixture world{echo_script()};
  CHECK(world.ask_as("", "GET", "/v1/stream").status == 401);
  CHECK(world.ask_as(world.token_of("p-1"), "GET", "/v1/stream").status == 426);
  CHECK(world.ask("GET", "/v1/stream", "", "Upgrade: websocket\r\n").status == 403);
}

TEST_CASE("a callback is 2xx only once every report is journaled", "[http][routes]") {
  auto script = echo_script();
  std::atomic<int> reports{0};
  std::optional<raw_callback> raw;
  script.callback = [&](const raw_callback& what) -> caf::result<callback_parsed> {
    raw = what;
    callback_parsed result;
    if (what.body == "forged")
      result.what = callback_parsed::kind::bad_signature;
    if (what.body == "odd")
      result.what = callback_parsed::kind::malformed;
    if (what.body == "two")
      result.reports.resize(2);
    if (what.body == "fails")
      result.reports.resize(3);
    return result;
  };
  script.report = [&](const provider_report&) -> caf::result<answer> {
    if (++reports == 4)
      return make_error(errc::journal_unavailable);
    return ok("{}");
  };
  api_fixture world{script};
  const std::string form
      = "Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: s\r\n";
  const auto post = [&](std::string_view body) {
    return world.ask_as("", "POST", "/v1/callbacks/twilio-main/abc.1?x=y", body, form).status;
  };
  CHECK(post("two") == 204);
  CHECK(reports == 2);
  CHECK(raw->url == "https://carillon.test/v1/callbacks/twilio-main/abc.1?x=y");
  CHECK(raw->ref == "abc.1");
  CHECK(std::find(raw->headers.begin(), raw->headers.end(),
                  std::pair<std::string, std::string>{"x-twilio-signature", "s"})
        != raw->headers.end());
  CHECK(post("fails") == 503);
  CHECK(post("forged") == 401);
  CHECK(post("odd") == 400);
  CHECK(post("nothing") == 204);
  CHECK(world.ask_as("", "POST", "/v1/callbacks/nobody", "x", form).status == 404);
}

TEST_CASE("a filtered replay goes through all pages", "[http][routes]") {
  auto script = echo_script();
  const std::string other = "01890a5d-ac96-774b-bcce-b302099a8058";
  script.dead_letters = [&](const list_dead_letters& what) -> caf::result<answer> {
    if (what.cursor.empty())
      return ok(json{{"items", {{{"id", id}}}}, {"next_cursor", "2"}}.dump());
    return ok(json{{"items", {{{"id", other}}}}, {"next_cursor", nullptr}}.dump());
  };
  script.command = [&](const notification_command& what) -> caf::result<answer> {
    answer result;
    if (to_string(what.id) == other) {
      result.what = answer::kind::conflict;
      result.detail = "it has expired";
    }
    return result;
  };
  api_fixture world{script};
  const auto body = body_of(world.ask("POST", "/v1/dead-letters/replay", R"({"channel":"sms"})"));
  CHECK(body["replayed"] == 1);
  CHECK(body["refused"] == json::array({{{"id", other}, {"detail", "it has expired"}}}));
  CHECK(world.ask("POST", "/v1/dead-letters/replay", R"({"channel":"pigeon"})").status == 422);
}

TEST_CASE("health, metrics and documents are open", "[http][routes]") {
  api_fixture world{echo_script()};
  CHECK(world.ask_as("", "GET", "/livez").status == 200);
  CHECK(world.ask_as("", "GET", "/readyz").body == R"({"status":"ready"})");
  CHECK(body_of(world.ask_as("", "GET", "/healthz?verbose"))["details"]["partitions"] == 256);
  world.ready = false;
  const auto refused = world.ask_as("", "GET", "/readyz");
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") == "1");
  CHECK(world.ask_as("", "GET", "/metrics").body == "carillon_up 1\n");
  CHECK(body_of(world.ask_as("", "GET", "/asyncapi.json"))["asyncapi"] == "3.0.0");
  CHECK(body_of(world.ask_as("", "GET", "/openapi.json"))["openapi"] == "3.1.0");
}

TEST_CASE("a node without its lease reads and changes nothing", "[http][routes]") {
  api_fixture world{echo_script()};
  world.owns = false;
  const auto refused = world.ask("POST", "/v1/dead-letters/replay", "{}");
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") == "1");
  CHECK(refused.body.find("lease") != std::string::npos);
  CHECK(world.ask("GET", "/v1/notifications").status == 200);
}
