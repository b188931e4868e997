#include "tests/http/raw_client.hpp"
#include "tests/http/server_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <thread>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

TEST_CASE("a request is answered with the headers that every answer has", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  const auto answer = client.ask(request_text("GET", "/hello"));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "hello");
  CHECK(answer->header("x-request-id").size() == 32);
  CHECK(answer->header("ratelimit-policy") == "\"admission\";q=4096");
  CHECK(answer->header("ratelimit") == "\"admission\";r=4096");
  CHECK(answer->header("x-content-type-options") == "nosniff");
  CHECK(answer->header("cache-control") == "no-store");
  CHECK(!answer->header("date").empty());
}

TEST_CASE("a well formed X-Request-Id comes back, any other is replaced", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  auto answer = client.ask(request_text("GET", "/hello", "", "X-Request-Id: abc-123\r\n"));
  REQUIRE(answer);
  CHECK(answer->header("x-request-id") == "abc-123");
  answer = client.ask(request_text("GET", "/hello", "", "X-Request-Id: a b<c>\r\n"));
  REQUIRE(answer);
  CHECK(answer->header("x-request-id").size() == 32);
}

TEST_CASE("a connection serves many requests", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  for (int i = 0; i < 200; ++i) {
    const auto text = "message " + std::to_string(i);
    const auto answer = client.ask(request_text("POST", "/echo", text));
    REQUIRE(answer);
    REQUIRE(answer->body == text);
  }
  CHECK(world.server->connections() == 1);
}

TEST_CASE("requests sent ahead are answered in order", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  std::string ahead;
  for (int i = 0; i < 100; ++i)
    ahead += request_text(i % 2 ? "GET" : "POST", i % 2 ? "/items/" + std::to_string(i) : "/echo",
                          i % 2 ? "" : std::to_string(i));
  REQUIRE(client.send(ahead));
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.receive();
    REQUIRE(answer);
    REQUIRE(answer->body == std::to_string(i));
  }
}

TEST_CASE("a client that sends ahead and reads nothing is held back and then cut",
          "[http][server]") {
  auto settings = server_fixture::quick();
  settings.write_deadline = 300ms;
  server_fixture world{settings};
  raw_client client{world.port(), 3s};
  const auto one = request_text("POST", "/echo", std::string(200'000, 'x'));
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i)
    refused = !client.send(one);
  CHECK(refused); // far below the 200 MB it wanted to send
}

TEST_CASE("unknown paths are 404 and wrong methods 405 with Allow", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  auto answer = client.ask(request_text("GET", "/nowhere"));
  REQUIRE(answer);
  CHECK(answer->status == 404);
  CHECK(answer->header("content-type") == "application/problem+json");
  const auto body = nlohmann::json::parse(answer->body);
  CHECK(body["title"] == "Not Found");
  CHECK(body["status"] == 404);
  CHECK(body["instance"] == "/nowhere");
  CHECK(body["type"] == "urn:carillon:problem:not-found");
  answer = client.ask(request_text("DELETE", "/items/7", "{}"));
  REQUIRE(answer);
  CHECK(answer->status == 405);
  CHECK(answer->header("allow") == "GET, PUT, HEAD");
  answer = client.ask(request_text("OPTIONS", "/items/7"));
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK(answer->header("allow") == "GET, PUT, HEAD, OPTIONS");
}

TEST_CASE("HEAD is answered like GET without the body", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  REQUIRE(client.send(request_text("HEAD", "/hello")));
  const auto answer = client.receive(true);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->header("content-length") == "5");
  CHECK(client.ask(request_text("GET", "/hello"))->body == "hello");
}

TEST_CASE("path parameters are percent-decoded", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  CHECK(client.ask(request_text("GET", "/items/a%20b%2Fc?x=1"))->body == "a b/c");
}

TEST_CASE("malformed requests are refused and the connection closes", "[http][server]") {
  server_fixture world;
  const auto [text, status] = GENERATE(table<std::string, int>({
      {"nonsense\r\n\r\n", 400},
      {"GET /hello HTTP/1.1\r\n\r\n", 400},                       // no Host
      {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400}, // two
      {"GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},             // no slash
      {"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400}, // folded
      {"GET /hello HTTP/1.1\r\nHost: a\r\nbad header: 1\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx", 501},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\nx", 501},
      {"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\nContent-Length: 1\r\n\r\nx", 417},
  }));
  raw_client client{world.port()};
  CAPTURE(text);
  const auto answer = client.ask(text);
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(answer->header("connection") == "close");
  CHECK(nlohmann::json::parse(answer->body)["status"] == status);
  CHECK(client.closed_by_peer());
}

TEST_CASE("headers over the limit are 431", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  std::string text = "GET /hello HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 400; ++i)
    text += "X-Filler-" + std::to_string(i) + ": " + std::string(60, 'x') + "\r\n";
  const auto answer = client.ask(text + "\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 431);
  CHECK(client.closed_by_peer());
}

TEST_CASE("a chunked body is put together", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  REQUIRE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"));
  REQUIRE(client.send("lo\r\n1;ext=1\r\n,\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"));
  CHECK(client.receive()->body == "hello, world");
  CHECK(client.ask(request_text("GET", "/hello"))->body == "hello");
}

TEST_CASE("a body over the limit is 413 and what is sent is read before closing",
          "[http][server]") {
  server_fixture world;
  const std::string big(3 * 1024 * 1024, 'x');
  SECTION("with a length") {
    raw_client client{world.port()};
    REQUIRE(client.send(
        request_text("POST", "/sink", big))); // all of it, though the answer came long before
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->status == 413);
    CHECK(answer->header("connection") == "close");
  }
  SECTION("in chunks") {
    raw_client client{world.port()};
    std::string text = "POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 48; ++i)
      text += "10000\r\n" + std::string(65536, 'y') + "\r\n";
    REQUIRE(client.send(text + "0\r\n\r\n"));
    const auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->status == 413);
  }
  SECTION("but not for ever") {
    raw_client client{world.port(), 2s};
    client.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
    std::size_t sent = 0;
    while (sent < 200'000'000 && client.send(big))
      sent += big.size();
    CHECK(sent < 200'000'000);
  }
}

TEST_CASE("a body of just the limit is read", "[http][server]") {
  auto settings = server_fixture::quick();
  server_fixture world{settings};
  raw_client client{world.port()};
  const auto answer
      = client.ask(request_text("POST", "/echo", std::string(settings.body_limit, 'z')));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body.size() == settings.body_limit);
}

TEST_CASE("Expect: 100-continue is met, or refused before the body is sent", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  REQUIRE(client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  auto answer = client.receive();
  REQUIRE(answer);
  CHECK(answer->status == 100);
  CHECK(client.ask("hello")->body == "hello");
  answer = client.ask(
      "POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 404);
  CHECK(answer->header("connection") == "close");
}

TEST_CASE("a slow client is told 408 and closed", "[http][server]") {
  auto settings = server_fixture::quick();
  settings.head_deadline = 200ms;
  settings.body_deadline = 200ms;
  server_fixture world{settings};
  raw_client client{world.port()};
  SECTION("in the head") {
    REQUIRE(client.send("GET /hello HTT"));
  }
  SECTION("in the body") {
    REQUIRE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"));
  }
  SECTION("in a chunk") {
    REQUIRE(
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"));
  }
  const auto answer = client.receive();
  REQUIRE(answer);
  CHECK(answer->status == 408);
  CHECK(client.closed_by_peer());
}

TEST_CASE("an idle connection is closed without a word", "[http][server]") {
  auto settings = server_fixture::quick();
  settings.idle_deadline = 200ms;
  server_fixture world{settings};
  raw_client client{world.port()};
  REQUIRE(client.ask(request_text("GET", "/hello")));
  CHECK(client.closed_by_peer());
}

TEST_CASE("a handler that does not answer in time is 503, and its late answer is dropped",
          "[http][server]") {
  auto settings = server_fixture::quick();
  settings.request_deadline = 200ms;
  server_fixture world{settings};
  raw_client client{world.port()};
  auto answer = client.ask(request_text("GET", "/later"));
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->header("retry-after") == "1");
  world.answer_all("too late");
  answer = client.ask(request_text("GET", "/hello"));
  REQUIRE(answer);
  CHECK(answer->body == "hello");
}

TEST_CASE("an answer may come from any thread, and only the first counts", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  REQUIRE(client.send(request_text("GET", "/later") + request_text("GET", "/hello")));
  REQUIRE(world.wait_for_pending(1));
  std::thread{[&] { world.answer_all("first"); }}.join();
  CHECK(client.receive()->body == "first");
  CHECK(client.receive()->body == "hello");
}

TEST_CASE("answering a client that has left does nothing", "[http][server]") {
  server_fixture world;
  {
    raw_client client{world.port()};
    REQUIRE(client.send(request_text("GET", "/later")));
    REQUIRE(world.wait_for_pending(1));
  }
  world.answer_all();
  raw_client other{world.port()};
  CHECK(other.ask(request_text("GET", "/hello"))->status == 200);
}

TEST_CASE("connections over the limit get a 503", "[http][server]") {
  auto settings = server_fixture::quick();
  settings.max_connections = 2;
  server_fixture world{settings};
  raw_client first{world.port()};
  raw_client second{world.port()};
  REQUIRE(first.ask(request_text("GET", "/hello")));
  REQUIRE(second.ask(request_text("GET", "/hello")));
  raw_client third{world.port()};
  const auto answer = third.ask(request_text("GET", "/hello"));
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(!answer->header("retry-after").empty());
  CHECK(third.closed_by_peer());
}

TEST_CASE("requests in work over the limit get a 503", "[http][server]") {
  auto settings = server_fixture::quick();
  settings.max_in_flight = 1;
  server_fixture world{settings};
  raw_client first{world.port()};
  REQUIRE(first.send(request_text("GET", "/later")));
  REQUIRE(world.wait_for_pending(1));
  raw_client second{world.port()};
  const auto answer = second.ask(request_text("GET", "/hello"));
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->header("ratelimit") == "\"admission\";r=0");
  world.answer_all();
  CHECK(first.receive()->status == 200);
  CHECK(second.ask(request_text("GET", "/hello"))->status == 200);
}

TEST_CASE("stopping lets requests in work finish and closes idle connections", "[http][server]") {
  server_fixture world;
  raw_client busy{world.port()};
  raw_client idle{world.port()};
  REQUIRE(idle.ask(request_text("GET", "/hello")));
  REQUIRE(busy.send(request_text("GET", "/later")));
  REQUIRE(world.wait_for_pending(1));
  bool clean = false;
  std::thread stopping{[&] { clean = world.server->stop(10s); }};
  CHECK(idle.closed_by_peer());
  world.answer_all("done");
  const auto answer = busy.receive();
  stopping.join();
  REQUIRE(answer);
  CHECK(answer->body == "done");
  CHECK(answer->header("connection") == "close");
  CHECK(clean);
  CHECK(!raw_client{world.port()}.connected());
}

TEST_CASE("stopping cuts what does not finish in time", "[http][server]") {
  server_fixture world;
  raw_client busy{world.port()};
  REQUIRE(busy.send(request_text("GET", "/later")));
  REQUIRE(world.wait_for_pending(1));
  CHECK(!world.server->stop(100ms));
  CHECK(busy.closed_by_peer());
  world.answer_all(); // after the server is gone
}

TEST_CASE("a port in use is a value", "[http][server]") {
  server_fixture world;
  auto settings = server_fixture::quick();
  settings.port = world.port();
  http::server second{settings, http::router{}};
  const auto failed = second.start();
  REQUIRE(failed);
  CHECK(*failed
        == "cannot listen on 127.0.0.1:" + std::to_string(world.port()) + ": the port is in use");
}

TEST_CASE("HTTP/1.0 is answered and closed unless it asks to stay", "[http][server]") {
  server_fixture world;
  raw_client client{world.port()};
  auto answer = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->header("connection") == "keep-alive");
  answer = client.ask("GET /hello HTTP/1.0\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->header("connection") == "close");
  CHECK(client.closed_by_peer());
}
