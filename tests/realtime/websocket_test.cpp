#include "tests/realtime/clients.hpp"
#include "tests/realtime/live_node.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

ws_client::options as(const std::string& recipient) {
  ws_client::options how;
  how.recipient = recipient;
  return how;
}

/// A session that has begun with `start`.
struct begun : ws_client {
  explicit begun(live_node& node, options how = {}) : ws_client(node.port(), how) {
    start();
    next("hello");
  }
};

} // namespace

TEST_CASE("the upgrade is answered with our subprotocol and the request's id") {
  live_node node;
  ws_client client{node.port()};
  CHECK(client.answer_status() == 101);
  CHECK(client.answer_header("Sec-WebSocket-Protocol") == "carillon.v1");
  CHECK(client.answer_header("X-Request-Id") == "request-1");
  CHECK(client.answer_header("Sec-WebSocket-Extensions").empty());
}

TEST_CASE("who offers no subprotocol gets none") {
  live_node node;
  ws_client::options how;
  how.subprotocols = "";
  ws_client client{node.port(), how};
  CHECK(client.answer_status() == 101);
  CHECK(client.answer_header("Sec-WebSocket-Protocol").empty());
}

TEST_CASE("who starts is told where it stands and then gets what happens") {
  live_node node;
  node.post("p-1", "before");
  ws_client client{node.port()};
  client.start();
  auto hello = client.next("hello");
  CHECK(hello == json{{"op", "hello"}, {"offset", 1}, {"unread", 1}, {"recovered", true}});
  auto id = node.post("p-1", "now");
  auto frame = client.next("notification");
  CHECK(frame["offset"] == 2);
  CHECK(frame["notification"]["id"] == to_string(id));
  CHECK(frame["notification"]["title"] == "now");
}

TEST_CASE("who resumes gets what it missed, then what happens") {
  live_node node;
  for (const char* title : {"a", "b", "c"})
    node.post("p-1", title);
  ws_client client{node.port()};
  client.resume(1);
  CHECK(client.next("hello")["offset"] == 1);
  CHECK(client.next("notification")["offset"] == 2);
  CHECK(client.next("notification")["offset"] == 3);
  node.post("p-1", "d");
  CHECK(client.next("notification")["offset"] == 4);
}

TEST_CASE("an offset from the future is answered with the unread messages") {
  live_node node;
  node.post("p-1", "a");
  ws_client client{node.port()};
  client.resume(50);
  auto hello = client.next("hello");
  CHECK(hello["recovered"] == false);
  CHECK(hello["offset"] == 0);
  CHECK(client.next("notification")["offset"] == 1);
}

TEST_CASE("what one session reads, all sessions of the person are told, and nobody else") {
  live_node node;
  auto id = node.post("p-1", "a");
  begun here{node};
  begun there{node};
  begun other{node, as("p-2")};
  here.command("read", id);
  for (auto* client : {&here, &there}) {
    auto update = client->next("update");
    CHECK(update
          == json{{"op", "update"},
                  {"offset", 2},
                  {"id", to_string(id)},
                  {"state", "read"},
                  {"unread", 0}});
  }
  node.post("p-2", "mine");
  CHECK(other.next("notification")["offset"] == 1);
}

TEST_CASE("all commands reach the inbox") {
  live_node node;
  auto id = node.post("p-1", "a");
  begun client{node};
  client.command("ack", id);
  CHECK(client.next("update")["state"] == "acked");
  client.send(json{{"op", "act"}, {"id", to_string(id)}, {"action", "confirm"}}.dump());
  CHECK(client.next("update")["state"] == "acted");
  client.command("archive", id);
  CHECK(client.next("update")["state"] == "archived");
  node.post("p-1", "b");
  CHECK(client.next("notification")["offset"] == 5);
  client.send(R"({"op":"read_all"})");
  CHECK(client.next("update")["id"].is_null());
}

TEST_CASE("a command that is refused or not possible is answered with its op") {
  live_node node;
  auto id = node.post("p-1", "a");
  begun client{node};
  client.command("read", make_notification_id({1}, timestamp{}, 0, 99));
  auto error = client.next("error");
  CHECK(error["ref"] == "read");
  CHECK(error["detail"] == "No such message in this inbox.");
  node.refuse_everything(true);
  client.command("ack", id);
  CHECK(client.next("error")["ref"] == "ack");
  node.refuse_everything(false);
  client.command("ack", id);
  CHECK(client.next("update")["state"] == "acked");
}

TEST_CASE("bad frames are answered in words, and too many of them end the session") {
  live_node node;
  begun client{node};
  client.send("{");
  CHECK(client.next("error")["detail"] == "Not JSON.");
  client.send(R"({"op":"fly"})");
  CHECK(client.next("error")["ref"] == "fly");
  client.send_binary("\x01");
  CHECK(client.next("error")["detail"] == "Frames are text.");
  client.send(R"({"op":"start"})");
  CHECK(client.next("error")["detail"] == "The stream has begun already.");
  client.send("[]");
  CHECK(client.next("error")["ref"].is_null());
  CHECK(client.wait_for_close() == 1008);
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("a command before start or resume is refused") {
  live_node node;
  ws_client client{node.port()};
  client.send(R"({"op":"read_all"})");
  CHECK(client.next("error")["detail"] == "The first frame is start or resume.");
  client.start();
  client.next("hello");
}

TEST_CASE("a frame that is too large ends the session") {
  live_node node;
  begun client{node};
  client.send(std::string(65 * 1024, 'x'));
  CHECK(client.wait_for_close() == 1009);
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("a long frame in many pieces is still one frame") {
  live_node node;
  begun client{node};
  client.send(R"({"op":"read_all")" + std::string(60'000, ' ') + "}");
  node.post("p-1", "a");
  CHECK(client.next("notification")["offset"] == 1);
}

TEST_CASE("who says nothing at first is closed after ten seconds") {
  live_node node;
  ws_client client{node.port()};
  REQUIRE(node.wait_for_sessions(1));
  node.advance(9'900ms);
  CHECK(node.handler().sessions() == 1);
  node.advance(200ms);
  CHECK(client.wait_for_close() == 1008);
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("a silent client is asked for a pong, and closed without one") {
  live_node node;
  begun client{node};
  node.advance(24s);
  node.advance(2s);
  client.next("ping");
  client.send(R"({"op":"pong"})");
  node.post("p-1", "a");
  client.next("notification");
  client.command("read", make_notification_id({1}, timestamp{}, 0, 99));
  client.next("error"); // so the pong was read
  node.advance(26s);
  client.next("ping");
  node.advance(11s);
  CHECK(client.wait_for_close() == 1008);
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("a peer that does not answer our close is cut") {
  live_node node;
  begun client{node};
  REQUIRE(node.wait_for_sessions(1));
  node.advance(26s); // ping
  node.advance(11s); // no pong: close is sent, and the client does not read
  CHECK(node.handler().sessions() == 1);
  node.advance(6s);
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("a slow client is closed, and resumes without loss") {
  realtime::realtime_settings settings;
  settings.queue_frames = 8;
  live_node node{settings};
  ws_client::options slow;
  slow.receive_buffer = 4096;
  begun client{node, slow};
  node.post_many("p-1", 100, 30'000);
  REQUIRE(node.wait_for([&] { return node.numbers().live_sessions_dropped.get() == 1; }));
  std::uint64_t last = 0;
  while (auto frame = client.read())
    if (frame->contains("offset")) {
      REQUIRE((*frame)["offset"] == last + 1);
      ++last;
    }
  CHECK(client.close_code() == 1013);
  CHECK(last < 100);
  ws_client again{node.port()};
  again.resume(last);
  CHECK(again.next("hello")["recovered"] == true);
  while (last < 100) {
    auto frame = again.next("notification");
    REQUIRE(frame["offset"] == ++last);
  }
}

TEST_CASE("breaks at random points lose nothing and double nothing") {
  live_node node;
  std::mt19937 random{7};
  std::uint64_t last = 0;
  constexpr std::uint64_t all = 300;
  std::thread writer{[&] {
    for (std::uint64_t i = 0; i < all; ++i)
      node.post("p-1", "m" + std::to_string(i + 1));
  }};
  int breaks = 0;
  while (last < all) {
    ws_client client{node.port()};
    client.resume(last);
    auto hello = client.next("hello");
    REQUIRE(hello["recovered"] == true);
    REQUIRE(hello["offset"] == last);
    for (auto left = random() % 12; left > 0 && last < all; --left) {
      auto frame = client.next("notification");
      REQUIRE(frame["offset"] == ++last);
      REQUIRE(frame["notification"]["title"] == "m" + std::to_string(last));
    }
    client.cut();
    ++breaks;
  }
  writer.join();
  CHECK(breaks > 10);
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("an inbox that cannot be asked closes the session for a later try") {
  live_node node;
  node.refuse_everything(true);
  ws_client client{node.port()};
  client.start();
  CHECK(client.wait_for_close() == 1013);
}

TEST_CASE("a cut line takes the session away from the hub") {
  live_node node;
  begun client{node};
  CHECK(node.numbers().live_sessions.get() == 1);
  client.cut();
  CHECK(node.wait_for_sessions(0));
}

TEST_CASE("draining closes with 1001 and refuses who comes after") {
  live_node node;
  begun client{node};
  bool polite = false;
  std::thread stopper{[&] { polite = node.handler().stop(10s); }};
  CHECK(client.wait_for_close() == 1001);
  stopper.join();
  CHECK(polite);
  ws_client late{node.port()};
  CHECK(late.answer_status() == 503);
  CHECK(late.answer_header("Retry-After") == "1");
}

TEST_CASE("over the limit of sessions the answer is 503") {
  realtime::realtime_settings settings;
  settings.max_sessions = 1;
  live_node node{settings};
  begun client{node};
  ws_client second{node.port()};
  CHECK(second.answer_status() == 503);
  CHECK(second.answer_header("Content-Type") == "application/problem+json");
  client.cut();
  REQUIRE(node.wait_for_sessions(0));
  begun third{node};
}

TEST_CASE("many sessions on several loops all get the same message") {
  realtime::realtime_settings settings;
  settings.threads = 2;
  live_node node{settings};
  std::vector<std::unique_ptr<begun>> clients;
  for (int i = 0; i < 50; ++i)
    clients.push_back(std::make_unique<begun>(node));
  node.post("p-1", "to all");
  for (auto& client : clients)
    CHECK(client->next("notification")["offset"] == 1);
  CHECK(node.numbers().live_frames.get() == 50);
}
