#include "tests/realtime/clients.hpp"
#include "tests/realtime/live_node.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

const std::string events = "Accept: text/event-stream\r\n";

} // namespace

TEST_CASE("an event stream begins with its head, retry and hello, then goes on") {
  live_node node;
  raw_client client{node.port(), "/p-1", events};
  auto head = client.read_until("\r\n\r\n");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(head.find("X-Request-Id: request-1\r\n") != std::string::npos);
  CHECK(client.read_until("\n\n") == "retry: 2000\n\n");
  auto hello = client.next();
  CHECK(hello.event == "hello");
  CHECK(hello.id == "0");
  node.post("p-1", "a");
  auto frame = client.next();
  CHECK(frame.event == "notification");
  CHECK(frame.id == "1");
  CHECK(json::parse(frame.data)["notification"]["title"] == "a");
}

TEST_CASE("Last-Event-ID resumes an event stream") {
  live_node node;
  for (const char* title : {"a", "b", "c"})
    node.post("p-1", title);
  raw_client client{node.port(), "/p-1", events + "Last-Event-ID: 1\r\n"};
  CHECK(client.next().id == "1");
  CHECK(client.next().id == "2");
  CHECK(client.next().id == "3");
}

TEST_CASE("a silent event stream is kept alive with comments") {
  live_node node;
  raw_client client{node.port(), "/p-1", events};
  client.next();
  REQUIRE(node.wait_for_sessions(1)); // a round through the loop: the last write is done
  node.advance(26s);
  CHECK(client.read_until("\n\n") == ":\n\n");
  REQUIRE(node.wait_for_sessions(1));
  node.advance(26s);
  CHECK(client.read_until("\n\n") == ":\n\n");
}

TEST_CASE("an event stream ends when the node drains") {
  live_node node;
  raw_client client{node.port(), "/p-1", events};
  client.next();
  CHECK(node.handler().stop(10s));
  CHECK(client.ended());
}

TEST_CASE("a client that goes away ends its event stream") {
  live_node node;
  {
    raw_client client{node.port(), "/p-1", events};
    client.next();
    CHECK(node.handler().sessions() == 1);
  }
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("who wants neither WebSocket nor events gets 406") {
  live_node node;
  raw_client client{node.port(), "/p-1", "Accept: application/json\r\n"};
  auto answer = client.read_until("}");
  CHECK(answer.starts_with("HTTP/1.1 406 Not Acceptable\r\n"));
  auto body = json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  CHECK(body["status"] == 406);
  CHECK(body["instance"] == "/p-1");
}
