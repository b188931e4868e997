// Against the official CloudEvents library, run by node (tests/peers).
#include "tests/http/fake_engine.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;

namespace {

std::filesystem::path peers_directory() {
  for (auto at = std::filesystem::current_path();; at = at.parent_path()) {
    if (std::filesystem::exists(at / "tests/peers/package.json"))
      return at / "tests/peers";
    if (at == at.root_path())
      FAIL("tests/peers is not above the working directory");
  }
}

/// What the library got for an event it posted.
json post_with_sdk(const api_fixture& world, const std::string& mode) {
  const auto directory = peers_directory();
  REQUIRE(std::filesystem::exists(directory / "node_modules/cloudevents"));
  const auto command = "cd '" + directory.string() + "' && node cloudevents.mjs http://127.0.0.1:"
                       + std::to_string(world.port()) + "/v1/events " + api_fixture::key + " "
                       + mode;
  auto* output = ::popen(command.c_str(), "r");
  REQUIRE(output);
  std::string text;
  std::array<char, 4096> chunk{};
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), output))
    text.append(chunk.data(), got);
  CHECK(::pclose(output) == 0);
  return json::parse(text);
}

} // namespace

TEST_CASE("events of the official CloudEvents library are understood", "[http][events]") {
  const std::string mode = GENERATE("structured", "binary");
  std::vector<event_ptr> seen;
  engine_script script;
  script.events = [&](const submit_events& what) -> caf::result<events_answer> {
    seen = what.events;
    events_answer reply;
    reply.items.resize(1);
    reply.items[0].event_id = what.events[0]->id;
    return reply;
  };
  api_fixture world{script};
  const auto answer = post_with_sdk(world, mode);
  CHECK(answer["status"] == 202);
  CHECK(answer["body"]["event_id"] == "sdk-1");
  REQUIRE(seen.size() == 1);
  CHECK(seen[0]->source == "/clinic/north");
  CHECK(seen[0]->type == "appointment.created");
  CHECK(seen[0]->subject == "p-1");
  CHECK(to_rfc3339(seen[0]->time) == "2026-11-23T09:00:00.000Z");
  CHECK(*seen[0]->data == json{{"patientId", "p-1"}, {"name", "Zoë"}});
  CHECK(*seen[0]->extensions == json{{"clinicid", "north"}});
}
