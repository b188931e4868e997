// HTTPS: node's HTTP/2 server as the provider, with a certificate made here.
#include "tests/providers/calls.hpp"
#include "tests/providers/certificate.hpp"
#include "tests/providers/peer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon::providers;
using namespace carillon::test;

namespace {

struct world {
  certificate own{"127.0.0.1"};
  peer server{"h2.mjs", {own.key_file(), own.certificate_file()}};
  std::string url
      = "https://127.0.0.1:" + std::to_string(server.hear().at("port").get<int>()) + "/";

  http_client_options trusting() const {
    http_client_options out;
    out.ca_file = own.certificate_file();
    return out;
  }
};

} // namespace

TEST_CASE("Over TLS calls are HTTP/2 and share a connection") {
  world w;
  http_client client{w.trusting()};
  std::vector<std::future<http_response>> answers;
  REQUIRE(call(client, post_to(w.url)).status == 200);
  for (int i = 0; i < 20; ++i)
    answers.push_back(start(client, post_to(w.url)));
  for (auto& a : answers) {
    const auto r = finish(std::move(a));
    CHECK(r.status == 200);
    CHECK(r.retry_after == "3");
  }
  const auto seen = w.server.ask({{"ask", "seen"}});
  CHECK(seen.at("sessions") == 1);
  REQUIRE(seen.at("requests").size() == 21);
  CHECK(seen.at("requests").at(20).at("version") == "2.0");
  CHECK(seen.at("requests").at(20).at("body") == post_to("").body);
}

TEST_CASE("A certificate nobody trusts is never_connected") {
  world w;
  http_client client;
  const auto r = call(client, post_to(w.url));
  CHECK(r.reached == transport::never_connected);
  CHECK(r.failure == call_failure::tls);
  CHECK(w.server.ask({{"ask", "seen"}}).at("requests").empty());
}

TEST_CASE("A certificate for another name is never_connected") {
  const certificate other{"provider.example"};
  peer server{"h2.mjs", {other.key_file(), other.certificate_file()}};
  http_client_options options;
  options.ca_file = other.certificate_file();
  http_client client{options};
  const auto r = call(
      client, post_to("https://127.0.0.1:" + std::to_string(server.hear().at("port").get<int>())));
  CHECK(r.reached == transport::never_connected);
}

TEST_CASE("A request on an HTTP/2 connection that dies is not sent again") {
  const std::string end = GENERATE("destroy", "goaway");
  world w;
  http_client client{w.trusting()};
  REQUIRE(call(client, post_to(w.url)).status == 200);
  w.server.ask({{"ask", "behave"}, {"as", end}});
  CHECK(call(client, post_to(w.url)).reached == transport::maybe_sent);
  w.server.ask({{"ask", "behave"}, {"as", "answer"}});
  CHECK(w.server.ask({{"ask", "seen"}}).at("requests").size() == 2);
  CHECK(call(client, post_to(w.url)).status == 200);
}

TEST_CASE("A hung HTTP/2 stream times out as maybe_sent while its neighbours go on") {
  world w;
  http_client client{w.trusting()};
  REQUIRE(call(client, post_to(w.url)).status == 200);
  w.server.ask({{"ask", "behave"}, {"as", "hang"}});
  auto request = post_to(w.url);
  request.timeout = std::chrono::milliseconds{400};
  auto hung = start(client, request);
  while (w.server.ask({{"ask", "seen"}}).at("requests").size() < 2) {
  }
  w.server.ask({{"ask", "behave"}, {"as", "answer"}});
  CHECK(call(client, post_to(w.url)).status == 200);
  const auto r = finish(std::move(hung));
  CHECK(r.reached == transport::maybe_sent);
  CHECK(r.failure == call_failure::timed_out);
}
