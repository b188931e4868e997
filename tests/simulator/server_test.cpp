#include "adapters/simulator/simulator.hpp"
#include "tests/simulator/client.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <unistd.h>

using namespace carillon::simulator;
using namespace carillon::test;

namespace {

const std::string good = "To=%2B15550001111&From=%2B15550009999&Body=x";

} // namespace

TEST_CASE("Pipelined requests are answered in order, also around a slow one") {
  simulator sim;
  sim.script(nlohmann::json::parse(R"([{"nth": 3, "delay_ms": 100}])"));
  plain_client c{sim.address()};
  std::string all;
  for (int i = 0; i < 10; ++i)
    all += twilio_request("To=%2B1555000111" + std::to_string(i) + "&From=%2B15550009999&Body=x");
  c.send(all);
  for (int i = 0; i < 10; ++i)
    CHECK(c.receive().json().at("to") == "+1555000111" + std::to_string(i));
  CHECK(sim.connections_opened() == 1);
}

TEST_CASE("A request may come in single bytes") {
  simulator sim;
  plain_client c{sim.address()};
  for (const char byte : twilio_request(good))
    c.send({byte});
  CHECK(c.receive().status == 201);
}

TEST_CASE("What is not HTTP is refused and the connection closed") {
  simulator sim;
  plain_client c{sim.address()};
  c.send("EHLO there\r\n\r\n");
  CHECK(c.receive().status == 400);
  CHECK(c.receive().status == 0);
}

TEST_CASE("A body over the limit is refused") {
  simulator sim;
  plain_client c{sim.address()};
  c.send("POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\nHost: s\r\nContent-Length: "
         "2000000\r\n\r\n"
         + std::string(2000, 'x'));
  CHECK(c.receive().status == 413);
}

TEST_CASE("Connection: close is honoured") {
  simulator sim;
  plain_client c{sim.address()};
  c.send("GET /livez HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n");
  CHECK(c.receive().status == 200);
  CHECK(c.receive().status == 0);
}

TEST_CASE("Several threads give every message its own number") {
  options settings;
  settings.threads = 4;
  simulator sim{settings};
  std::vector<std::thread> clients;
  for (int t = 0; t < 8; ++t)
    clients.emplace_back([&] {
      plain_client c{sim.address()};
      for (int i = 0; i < 50; ++i) {
        c.send(twilio_request(good));
        c.receive();
      }
    });
  for (auto& c : clients)
    c.join();
  std::set<std::string> ids;
  for (const auto& m : sim.messages())
    ids.insert(m.sid);
  CHECK(ids.size() == 400);
}

TEST_CASE("The list is filtered and paged") {
  simulator sim;
  for (int i = 0; i < 5; ++i)
    send_sms(sim.address(),
             "To=%2B1555000111" + std::to_string(i % 2) + "&From=%2B15550009999&Body=x");
  send_sms(sim.address(), "To=x&From=%2B15550009999&Body=x");
  const auto get = [&](const std::string& query) {
    return ask(sim.address(), "GET", "/_sim/messages" + query);
  };
  CHECK(get("?to=%2B15550001111").json().at("items").size() == 2);
  CHECK(get("?accepted=false").json().at("items").size() == 1);
  CHECK(get("?since=5").json().at("items").at(0).at("n") == 6);
  auto page = get("?limit=4").json();
  CHECK(page.at("items").size() == 4);
  page = get("?limit=4&cursor=" + page.at("next_cursor").get<std::string>()).json();
  CHECK(page.at("items").size() == 2);
  CHECK(page.at("next_cursor").is_null());
  CHECK(get("?too=1").status == 400);
  CHECK(get("?limit=0").status == 400);
  CHECK(get("/count").json() == nlohmann::json{{"count", 6}, {"accepted", 5}, {"dropped", 0}});
  CHECK(get("/count?to=%2B15550001110").json().at("count") == 3);
}

TEST_CASE("Forgetting keeps the numbers going") {
  simulator sim;
  send_sms(sim.address(), good);
  CHECK(ask(sim.address(), "DELETE", "/_sim/messages").status == 200);
  CHECK(sim.count() == 0);
  send_sms(sim.address(), good);
  CHECK(sim.messages().at(0).number == 2);
  CHECK(ask(sim.address(), "POST", "/_sim/reset").status == 200);
  CHECK(sim.count() == 0);
}

TEST_CASE("Beyond its bound the record forgets the oldest and says so") {
  options settings;
  settings.keep = 3;
  simulator sim{settings};
  for (int i = 0; i < 5; ++i)
    send_sms(sim.address(), good);
  CHECK(sim.messages().front().number == 3);
  CHECK(ask(sim.address(), "GET", "/_sim/messages/count").json().at("dropped") == 2);
}

TEST_CASE("With a record file every message is a line there") {
  const auto file
      = std::filesystem::temp_directory_path() / ("carillon-sim-" + std::to_string(getpid()));
  std::filesystem::remove(file);
  options settings;
  settings.record_file = file.string();
  {
    simulator sim{settings};
    send_sms(sim.address(), good);
    send_sms(sim.address(), "To=x");
  }
  std::ifstream in{file};
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::json::parse(line));
  std::filesystem::remove(file);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("accepted") == true);
  CHECK(lines[1].at("http_status") == 400);
}

TEST_CASE("Addresses that are not loopback are refused, and taken ones too") {
  options settings;
  settings.host = "0.0.0.0";
  CHECK_THROWS_AS(simulator{settings}, std::invalid_argument);
  simulator first;
  settings.host = "127.0.0.1";
  settings.port = static_cast<unsigned short>(std::stoi(first.address().substr(10)));
  CHECK_THROWS_AS(simulator{settings}, std::system_error);
}

TEST_CASE("Unknown resources are 404") {
  simulator sim;
  CHECK(ask(sim.address(), "GET", "/").status == 404);
  CHECK(ask(sim.address(), "GET", "/_sim/nothing").status == 404);
  CHECK(ask(sim.address(), "PUT", "/_sim/messages").status == 405);
  CHECK(ask(sim.address(), "GET", "/2010-04-01/Elsewhere").status == 404);
  CHECK(ask(sim.address(), "GET", "/livez").body == "ok\n");
}
