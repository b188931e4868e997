#include "tests/http/fake_engine.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;

namespace {

const auto planned_id = *parse_notification_id("01890a5d-ac96-774b-bcce-b302099a8057");

/// Answers each event with one notification and remembers what came.
struct recorder {
  std::vector<event_ptr> seen;
  std::string tenant;

  engine_script script() {
    engine_script result;
    result.events = [this](const submit_events& what) -> caf::result<events_answer> {
      tenant = what.tenant.str();
      events_answer reply;
      for (const auto& each : what.events) {
        seen.push_back(each);
        event_answer item;
        item.event_id = each->id;
        item.failed = each->id == "lost";
        item.duplicate = each->id == "known";
        item.notifications.push_back(
            {planned_id, recipient_id{"p-\"1"}, "note", status::queued, 0});
        reply.items.push_back(std::move(item));
      }
      return reply;
    };
    return result;
  }
};

const std::string structured = "Content-Type: application/cloudevents+json; charset=utf-8\r\n";
const std::string batched = "Content-Type: application/cloudevents-batch+json\r\n";

json minimal() {
  return {{"specversion", "1.0"},
          {"id", "e-1"},
          {"source", "/clinic"},
          {"type", "appointment.created"},
          {"data", {{"patientId", "p-1"}}}};
}

std::vector<std::string> pointers(const raw_response& answer) {
  std::vector<std::string> result;
  const auto body = json::parse(answer.body);
  for (const auto& error : body["errors"])
    result.push_back(error["pointer"]);
  return result;
}

} // namespace

TEST_CASE("a structured CloudEvent is accepted with everything it says", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  auto body = minimal();
  body["time"] = "2026-11-23T09:00:00+02:00";
  body["subject"] = "p-1";
  body["datacontenttype"] = "application/json";
  body["clinicid"] = "north";
  body["retries"] = 3;
  const auto trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto answer
      = world.ask("POST", "/v1/events", body.dump(), structured + "traceparent: " + trace + "\r\n");
  REQUIRE(answer.status == 202);
  CHECK(json::parse(answer.body)
        == json{{"event_id", "e-1"},
                {"duplicate", false},
                {"notifications", json::array({{{"id", to_string(planned_id)},
                                                {"recipient_id", "p-\"1"},
                                                {"type", "note"},
                                                {"status", "queued"}}})}});
  REQUIRE(seen.seen.size() == 1);
  const auto& event = *seen.seen.front();
  CHECK(seen.tenant == "default");
  CHECK(event.source == "/clinic");
  CHECK(event.subject == "p-1");
  CHECK(to_rfc3339(event.time) == "2026-11-23T07:00:00.000Z");
  CHECK(event.data->at("patientId") == "p-1");
  CHECK(event.data_text == R"({"patientId":"p-1"})");
  CHECK(*event.extensions == json{{"clinicid", "north"}, {"retries", 3}});
  CHECK(event.trace == trace);
}

TEST_CASE("a binary CloudEvent has its attributes in headers", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  const auto answer
      = world.ask("POST", "/v1/events", R"({"a":1})",
                  "Content-Type: application/json\r\nce-specversion: 1.0\r\nCe-Id: e-2\r\n"
                  "ce-source: /clinic%20north\r\nce-type: x.y\r\nce-clinicid: north\r\n");
  REQUIRE(answer.status == 202);
  REQUIRE(seen.seen.size() == 1);
  CHECK(seen.seen[0]->id == "e-2");
  CHECK(seen.seen[0]->source == "/clinic north");
  CHECK(seen.seen[0]->data->at("a") == 1);
  CHECK(*seen.seen[0]->extensions == json{{"clinicid", "north"}});
}

TEST_CASE("a batch is answered item by item, in order", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  auto known = minimal();
  known["id"] = "known";
  auto lost = minimal();
  lost["id"] = "lost";
  auto wrong = minimal();
  wrong.erase("source");
  wrong["data"] = 7;
  const auto answer = world.ask("POST", "/v1/events",
                                json::array({minimal(), wrong, lost, known}).dump(), batched);
  REQUIRE(answer.status == 202);
  const auto items = json::parse(answer.body)["items"];
  REQUIRE(items.size() == 4);
  CHECK(items[0]["event_id"] == "e-1");
  CHECK(items[1]["status"] == 422);
  CHECK(items[1]["errors"][0]["pointer"] == "/1/data");
  CHECK(items[1]["errors"][1]["pointer"] == "/1/source");
  CHECK(items[2]["status"] == 503);
  CHECK(items[3]["duplicate"] == true);
  CHECK(seen.seen.size() == 3);
}

TEST_CASE("a batch is bounded and a list", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  CHECK(world.ask("POST", "/v1/events", json(std::vector<json>(1001, minimal())).dump(), batched)
            .status
        == 422);
  CHECK(world.ask("POST", "/v1/events", minimal().dump(), batched).status == 422);
  CHECK(
      json::parse(
          world.ask("POST", "/v1/events", json(std::vector<json>(1000, minimal())).dump(), batched)
              .body)["items"]
          .size()
      == 1000);
  CHECK(world.ask("POST", "/v1/events", "[]", batched).status == 202);
}

TEST_CASE("what is wrong with an event is said with a pointer", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  using row = std::tuple<json, std::string>;
  const auto [change, pointer] = GENERATE(values<row>({
      row{json{{"id", nullptr}}, "/id"},
      row{json{{"id", ""}}, "/id"},
      row{json{{"id", 5}}, "/id"},
      row{json{{"source", nullptr}}, "/source"},
      row{json{{"type", std::string(300, 'x')}}, "/type"},
      row{json{{"specversion", "0.3"}}, "/specversion"},
      row{json{{"time", "yesterday"}}, "/time"},
      row{json{{"subject", false}}, "/subject"},
      row{json{{"data", json::array()}}, "/data"},
      row{json{{"data", "text"}}, "/data"},
      row{json{{"data_base64", "eA=="}}, "/data_base64"},
      row{json{{"datacontenttype", "text/xml"}}, "/datacontenttype"},
      row{json{{"Bad-Name", "x"}}, "/Bad-Name"},
      row{json{{"nested", json::object()}}, "/nested"},
      row{json{{"fraction", 1.5}}, "/fraction"},
  }));
  auto body = minimal();
  body.update(change);
  const auto answer = world.ask("POST", "/v1/events", body.dump(), structured);
  CAPTURE(answer.body);
  CHECK(answer.status == 422);
  CHECK(pointers(answer) == std::vector{pointer});
  CHECK(seen.seen.empty());
}

TEST_CASE("all errors of an event are told at once", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  const auto answer
      = world.ask("POST", "/v1/events", R"({"specversion":"1.0","data":[]})", structured);
  CHECK(answer.status == 422);
  CHECK(pointers(answer) == std::vector<std::string>{"/data", "/id", "/source", "/type"});
  const auto headers
      = world.ask("POST", "/v1/events", "{}", "Content-Type: application/json\r\nce-id: 1\r\n");
  CHECK(headers.status == 422);
  CHECK(pointers(headers) == std::vector<std::string>{"ce-specversion", "ce-source", "ce-type"});
}

TEST_CASE("what is not JSON is 400", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  for (const std::string text :
       {"{", "{} x", "{\"id\":1,\"id\":2}", "nul", "\"\xff\"", "[1,]", "{'a':1}"}) {
    CAPTURE(text);
    CHECK(world.ask("POST", "/v1/events", text, structured).status == 400);
  }
  std::string deep(100, '[');
  CHECK(world.ask("POST", "/v1/events", deep + std::string(100, ']'), batched).status == 400);
  CHECK(world.ask("POST", "/v1/events", "x", "Content-Type: text/plain\r\n").status == 400);
  CHECK(world.ask("POST", "/v1/events", "").status == 400);
}

TEST_CASE("an event that is not durable is 503 with Retry-After", "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  auto lost = minimal();
  lost["id"] = "lost";
  const auto answer = world.ask("POST", "/v1/events", lost.dump(), structured);
  CHECK(answer.status == 503);
  CHECK(answer.header("retry-after") == "1");
}

TEST_CASE("an overloaded or dead engine is 503", "[http][events]") {
  engine_script script;
  script.events = [](const submit_events& what) -> caf::result<events_answer> {
    if (what.events.front()->id == "crash")
      throw std::runtime_error{"planned"};
    return make_error(errc::overloaded);
  };
  api_fixture world{script};
  auto answer = world.ask("POST", "/v1/events", minimal().dump(), structured);
  CHECK(answer.status == 503);
  CHECK(answer.header("retry-after") == "2");
  auto crash = minimal();
  crash["id"] = "crash";
  CHECK(world.ask("POST", "/v1/events", crash.dump(), structured).status == 503); // while it dies
  CHECK(world.ask("POST", "/v1/events", minimal().dump(), structured).status == 503); // and after
}

TEST_CASE("an event without ce- headers is a structured one, whatever its content type",
          "[http][events]") {
  recorder seen;
  api_fixture world{seen.script()};
  const std::string type = GENERATE("application/json", "application/x-www-form-urlencoded");
  CHECK(world.ask("POST", "/v1/events", minimal().dump(), "Content-Type: " + type + "\r\n").status
        == 202);
  CHECK(seen.seen.size() == 1);
}
