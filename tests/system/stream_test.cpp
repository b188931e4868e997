#include "tests/system/support/inbox_rule.hpp"
#include "tests/system/support/load.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;
using namespace carillon::test;

namespace {

harness::websocket_client open(world& w, const person& who) {
  return {w.daemon.where(), harness::token_of(w.api, who.id)};
}

json say(harness::websocket_client& session, const json& frame) {
  session.send(frame);
  const auto answer = session.next();
  REQUIRE(answer.has_value());
  return *answer;
}

} // namespace

TEST_CASE("a live session gets a frame for each notification, in order") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = w.new_rule(in_app);
  auto session = open(w, ann);
  CHECK(session.subprotocol() == "carillon.v1");
  const auto hello = say(session, {{"op", "start"}});
  CHECK(hello["op"] == "hello");
  CHECK(hello["unread"] == 0);
  for (int i = 1; i <= 3; ++i) {
    const auto id = w.send(type, ann, {{"text", "number " + std::to_string(i)}});
    const auto frame = session.next();
    REQUIRE(frame.has_value());
    CHECK((*frame)["op"] == "notification");
    CHECK((*frame)["offset"] == hello["offset"].get<int>() + i);
    CHECK((*frame)["notification"]["id"] == id);
    CHECK((*frame)["notification"]["body"] == "number " + std::to_string(i));
  }
}

TEST_CASE("a session that resumes gets what it missed, once") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = w.new_rule(in_app);
  auto first = open(w, ann);
  const auto start = say(first, {{"op", "start"}})["offset"].get<int>();
  w.send(type, ann);
  REQUIRE(first.next().has_value());
  first.abort();
  for (int i = 0; i < 4; ++i)
    w.send(type, ann);
  auto second = open(w, ann);
  const auto hello = say(second, {{"op", "resume"}, {"offset", start + 1}});
  CHECK(hello["op"] == "hello");
  CHECK(hello["recovered"] == true);
  CHECK(hello["unread"] == 5);
  for (int i = 2; i <= 5; ++i) {
    const auto frame = second.next();
    REQUIRE(frame.has_value());
    CHECK((*frame)["offset"] == start + i);
  }
}

TEST_CASE("reading over the session is told to the other one and to the API") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  auto phone = open(w, ann);
  auto desk = open(w, ann);
  say(phone, {{"op", "start"}});
  say(desk, {{"op", "start"}});
  const auto id = w.send(w.new_rule(in_app), ann);
  REQUIRE(phone.next().has_value());
  REQUIRE(desk.next().has_value());
  phone.send({{"op", "read"}, {"id", id}});
  const auto update = desk.next();
  REQUIRE(update.has_value());
  CHECK((*update)["op"] == "update");
  w.await_status(id, "read");
}

TEST_CASE("a session sees only its own, and none without a token") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto ben = w.new_person();
  const auto type = w.new_rule(in_app);
  auto session = open(w, ann);
  say(session, {{"op", "start"}});
  w.send(type, ben);
  const auto own = w.send(type, ann);
  const auto frame = session.next();
  REQUIRE(frame.has_value());
  CHECK((*frame)["notification"]["id"] == own);
  CHECK_THROWS_AS(harness::websocket_client(w.daemon.where(), "nonsense"),
                  harness::connection_lost);
}

TEST_CASE("a session that breaks again and again during load loses and doubles nothing") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  constexpr std::size_t events = 300;
  load::options what;
  what.type = w.new_rule(in_app);
  what.people = {ann};
  what.most = events;
  load running{w, what};
  std::mt19937 random{3};
  std::uint64_t offset = 0;
  std::size_t breaks = 0;
  while (offset < events) {
    auto session = open(w, ann);
    const auto hello = say(session, {{"op", "resume"}, {"offset", offset}});
    REQUIRE(hello["recovered"] == true);
    for (auto left = 5 + random() % 60; left > 0 && offset < events; --left) {
      const auto frame = session.next();
      REQUIRE(frame.has_value());
      REQUIRE((*frame)["offset"] == offset + 1);
      ++offset;
    }
    session.abort();
    ++breaks;
  }
  CHECK(breaks >= 4);
  CHECK(running.finish());
  CHECK(running.complaints() == std::vector<std::string>{});
}

TEST_CASE("offsets go on after kill -9") {
  world w;
  const auto ann = w.new_person();
  const auto type = w.new_rule(in_app);
  for (int i = 0; i < 3; ++i)
    w.send(type, ann);
  w.daemon.kill();
  w.daemon.start();
  w.send(type, ann);
  auto session = open(w, ann);
  const auto hello = say(session, {{"op", "resume"}, {"offset", 1}});
  CHECK(hello["recovered"] == true);
  CHECK(hello["unread"] == 4);
  for (int i = 2; i <= 4; ++i) {
    const auto frame = session.next();
    REQUIRE(frame.has_value());
    CHECK((*frame)["offset"] == i);
  }
}
