// Against ws and eventsource, run by node (tests/peers), over a line that keeps breaking.
#include "tests/realtime/live_node.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

std::filesystem::path peers_directory() {
  for (auto at = std::filesystem::current_path();; at = at.parent_path()) {
    if (std::filesystem::exists(at / "tests/peers/package.json"))
      return at / "tests/peers";
    if (at == at.root_path())
      FAIL("tests/peers is not above the working directory");
  }
}

/// A client that runs and prints lines. It ends by itself after a minute.
class peer {
public:
  peer(const std::string& kind, std::uint16_t port, int count) {
    auto directory = peers_directory();
    REQUIRE(std::filesystem::exists(directory / "node_modules/ws"));
    auto command = "cd '" + directory.string() + "' && exec node stream.mjs " + kind + ' '
                   + std::to_string(port) + " p-1 " + std::to_string(count);
    output_ = ::popen(command.c_str(), "r");
    REQUIRE(output_);
  }
  ~peer() {
    ::pclose(output_);
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  std::string line() {
    std::string text;
    std::array<char, 4096> piece{};
    while (!text.ends_with('\n') && std::fgets(piece.data(), piece.size(), output_))
      text += piece.data();
    return text;
  }

private:
  std::FILE* output_ = nullptr;
};

json follow(const std::string& kind) {
  realtime::realtime_settings settings;
  settings.sse_retry = 10ms;
  live_node node{settings};
  peer client{kind, node.port(), 100};
  REQUIRE(client.line() == "ready\n");
  for (int i = 0; i < 100; ++i)
    node.post("p-1", "m" + std::to_string(i));
  return json::parse(client.line());
}

json first(int count) {
  json all = json::array();
  for (int i = 1; i <= count; ++i)
    all.push_back(i);
  return all;
}

} // namespace

TEST_CASE("the ws library gets everything once and in order over a breaking line") {
  auto seen = follow("ws");
  CHECK(seen["offsets"] == first(100));
  CHECK(seen["breaks"] > 3);
  CHECK(seen["protocol"] == "carillon.v1");
  CHECK(seen["extensions"] == "");
}

TEST_CASE("an EventSource gets everything once and in order over a breaking line") {
  auto seen = follow("sse");
  CHECK(seen["offsets"] == first(100));
  CHECK(seen["breaks"] > 3);
}
