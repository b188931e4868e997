// Requests cut anywhere, and requests damaged anywhere.
#include "tests/http/raw_client.hpp"
#include "tests/http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

/// Three requests of three kinds, one behind the other.
std::string three_requests() {
  return request_text("POST", "/echo", "first")
         + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nsec\r\n3;x=y\r\nond\r\n0\r\nTrailer: t\r\n\r\n"
         + request_text("GET", "/items/third?a=b", "",
                        "X-Long: " + std::string(5000, 'l') + "\r\n");
}

void check_three_answers(raw_client& client) {
  for (const std::string expected : {"first", "second", "third"}) {
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->body == expected);
  }
}

} // namespace

TEST_CASE("it does not matter where requests are cut", "[http][hostile]") {
  server_fixture world;
  const auto text = three_requests();
  SECTION("byte by byte") {
    raw_client client{world.port()};
    for (const char c : text)
      REQUIRE(client.send({&c, 1}));
    check_three_answers(client);
  }
  SECTION("in two pieces, cut in every place of the first two") {
    for (std::size_t cut = 1; cut < 260; ++cut) {
      CAPTURE(cut);
      raw_client client{world.port()};
      REQUIRE(client.send(text.substr(0, cut)));
      REQUIRE(client.send(text.substr(cut)));
      check_three_answers(client);
    }
  }
  SECTION("in random pieces") {
    std::mt19937 random{7};
    for (int round = 0; round < 50; ++round) {
      raw_client client{world.port()};
      for (std::size_t at = 0; at < text.size();) {
        const auto size = std::min<std::size_t>(1 + random() % 700, text.size() - at);
        REQUIRE(client.send(text.substr(at, size)));
        at += size;
      }
      check_three_answers(client);
    }
  }
}

TEST_CASE("damaged requests never harm the server", "[http][hostile]") {
  auto settings = server_fixture::quick();
  settings.head_deadline = 20ms;
  settings.body_deadline = 20ms;
  server_fixture world{settings};
  std::mt19937 random{11};
  const auto sound = three_requests();
  for (int round = 0; round < 400; ++round) {
    auto text = sound.substr(0, 1 + random() % sound.size());
    for (std::size_t i = 0; i < 1 + random() % 8; ++i) {
      const auto place = random() % text.size();
      switch (random() % 3) {
      case 0:
        text[place] = static_cast<char>(random() % 256);
        break;
      case 1:
        text.insert(place, text.substr(random() % text.size(), random() % 200));
        break;
      default:
        text.erase(place, random() % 20);
        text.push_back('\n');
      }
    }
    raw_client client{world.port(), 50ms};
    client.send(text);
    if (round % 2 == 0)
      client.receive();
  }
  raw_client after{world.port()};
  CHECK(after.ask(request_text("POST", "/echo", "alive"))->body == "alive");
}
