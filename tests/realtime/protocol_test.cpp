#include "adapters/realtime/protocol.hpp"

#include "adapters/realtime/asyncapi.hpp"
#include "tests/support/json_schema.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::realtime;
using nlohmann::json;

namespace {

const std::string some_id = "019ab2c3-7d4e-7042-8f1a-0123456789ab";

std::string why_bad(const std::string& text) {
  auto op = read_op(text);
  auto* bad = std::get_if<bad_op>(&op);
  return bad ? bad->detail : "";
}

inbox_command command_of(const std::string& text) {
  auto op = read_op(text);
  REQUIRE(std::holds_alternative<command_op>(op));
  return std::get<command_op>(op).what;
}

const json& document() {
  static const auto parsed = json::parse(asyncapi_document());
  return parsed;
}

} // namespace

TEST_CASE("every op of a client is read") {
  CHECK(std::get<begin_op>(read_op(R"({"op":"start"})")).fresh);
  auto resume = std::get<begin_op>(read_op(R"({"op":"resume","offset":17})"));
  CHECK_FALSE(resume.fresh);
  CHECK(resume.offset == 17);
  CHECK(std::holds_alternative<pong_op>(read_op(R"({"op":"pong"})")));
  using verb = inbox_command::verb;
  for (auto what : {verb::ack, verb::read, verb::archive}) {
    auto command
        = command_of(R"({"op":")" + std::string{name_of(what)} + R"(","id":")" + some_id + R"("})");
    CHECK(command.what == what);
    CHECK(to_string(command.id) == some_id);
  }
  CHECK(command_of(R"({"op":"read_all"})").what == verb::read_all);
  auto act = command_of(R"({"op":"act","id":")" + some_id + R"(","action":"confirm"})");
  CHECK(act.action == "confirm");
}

TEST_CASE("a frame that is not understood is refused in words") {
  CHECK(why_bad("{") == "Not JSON.");
  CHECK(why_bad("[1]") == "A frame is an object with an op.");
  CHECK(why_bad(R"({"op":7})") == "A frame is an object with an op.");
  CHECK(why_bad(R"({"op":"fly"})") == "Unknown op.");
  CHECK(why_bad(R"({"op":"resume"})") == "offset must be an integer from 0.");
  CHECK(why_bad(R"({"op":"resume","offset":-1})") == "offset must be an integer from 0.");
  CHECK(why_bad(R"({"op":"resume","offset":"1"})") == "offset must be an integer from 0.");
  CHECK(why_bad(R"({"op":"ack","id":"7"})") == "id must be a notification's id.");
  CHECK(why_bad(R"({"op":"ack"})") == "id must be a notification's id.");
  CHECK(why_bad(R"({"op":"act","id":")" + some_id + R"("})")
        == "action must be one of the message's actions.");
  CHECK(why_bad(R"({"op":"start","ofset":1})") == R"(Unknown member "ofset".)");
}

TEST_CASE("hello says from where the stream goes on") {
  auto frame_at = [](std::uint64_t offset) {
    return std::make_shared<live_frame>(live_frame{{}, {}, offset, "{}"});
  };
  inbox_resumed here{20, 3, true, {frame_at(18), frame_at(19), frame_at(20)}};
  CHECK(word_hello({false, 17}, here)
        == R"({"op":"hello","offset":17,"unread":3,"recovered":true})");
  CHECK(word_hello({true, 0}, {20, 3, true, {}})
        == R"({"op":"hello","offset":20,"unread":3,"recovered":true})");
  inbox_resumed lost{20, 2, false, {frame_at(5), frame_at(9)}};
  CHECK(word_hello({false, 99}, lost)
        == R"({"op":"hello","offset":4,"unread":2,"recovered":false})");
  CHECK(stream_start({false, 99}, {20, 0, false, {}}) == 20);
}

TEST_CASE("an event of a stream has its offset as id") {
  CHECK(sse_prefix(18, "notification") == "id: 18\nevent: notification\ndata: ");
  CHECK(sse_prefix(std::nullopt, "error") == "event: error\ndata: ");
  CHECK(op_of(R"({"op":"update","offset":1})") == "update");
  CHECK(op_of(":\n\n").empty());
  CHECK(parse_offset("17") == 17U);
  CHECK_FALSE(parse_offset(""));
  CHECK_FALSE(parse_offset("17x"));
  CHECK_FALSE(parse_offset("-1"));
}

TEST_CASE("the AsyncAPI document is whole: every reference leads somewhere") {
  REQUIRE(document()["asyncapi"] == "3.0.0");
  std::function<void(const json&)> walk = [&](const json& node) {
    if (node.is_object() && node.contains("$ref")) {
      auto target = node["$ref"].get<std::string>();
      CAPTURE(target);
      CHECK(document().contains(json::json_pointer{target.substr(1)}));
    }
    if (node.is_structured())
      for (const auto& child : node)
        walk(child);
  };
  walk(document());
}

TEST_CASE("every op that is read is in the AsyncAPI document, and the other way round") {
  std::vector<std::string> frames{R"({"op":"start"})", R"({"op":"resume","offset":0})",
                                  R"({"op":"pong"})", R"({"op":"read_all"})",
                                  R"({"op":"act","id":")" + some_id + R"(","action":"a"})"};
  for (const char* op : {"ack", "read", "archive"})
    frames.push_back(json{{"op", op}, {"id", some_id}}.dump());
  const auto& described = document()["operations"]["receive_from_client"]["messages"];
  CHECK(described.size() == frames.size());
  for (const auto& text : frames) {
    CAPTURE(text);
    CHECK(why_bad(text).empty());
    auto frame = json::parse(text);
    const auto& schema = document()["components"]["schemas"][frame["op"].get<std::string>()];
    CHECK(carillon::test::schema_error(document(), schema, frame) == "");
    auto more = frame;
    more["more"] = 1;
    CHECK_FALSE(why_bad(more.dump()).empty());
    CHECK(carillon::test::schema_error(document(), schema, more) == "/more: not allowed");
  }
}
