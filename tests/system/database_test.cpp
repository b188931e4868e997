#include "tests/system/support/load.hpp"

#include <catch2/catch.hpp>

#include <csignal>

#include <sys/types.h>

using namespace carillon;
using namespace carillon::test;

namespace {

bool is_ready(world& w) {
  auto client = w.daemon.anyone(2s);
  try {
    return client.get("/readyz").status == 200;
  } catch (const harness::connection_lost&) {
    return false;
  }
}

} // namespace

TEST_CASE("the database dies under load, again and again: refusals, then it goes on") {
  world w;
  load::options what;
  what.type = w.new_rule();
  for (int i = 0; i < 8; ++i)
    what.people.push_back(w.new_person());
  load running{w, what};
  for (int round = 0; round < 3; ++round) {
    REQUIRE(running.await(running.accepted() + 150, 30s));
    const auto server = w.daemon.server();
    REQUIRE(server.has_value());
    ::kill(server->pid, round == 1 ? SIGINT : SIGKILL);
    REQUIRE(harness::eventually(30s, [&] {
      const auto next = w.daemon.server();
      return next && next->pid != server->pid && is_ready(w);
    }));
  }
  REQUIRE(running.await(running.accepted() + 100, 30s));
  CHECK(running.finish());
  CHECK(running.complaints() == std::vector<std::string>{});
  w.acknowledged.merge(running.acknowledged());
  const bool done = harness::eventually(30s, [&] { return w.ledger().problems.empty(); });
  INFO(w.daemon.log());
  CHECK(done);
  require_agreement(w.ledger());
}

TEST_CASE("without a database readiness is red, events are 503 with Retry-After, liveness green") {
  world w;
  const auto ann = w.new_person();
  const auto type = w.new_rule();
  const auto server = w.daemon.server();
  REQUIRE(server.has_value());
  ::kill(server->pid, SIGSTOP);
  // The backends still run: end them, so that nothing answers.
  for (const auto child : harness::descendants_of(server->pid))
    ::kill(child, SIGKILL);
  const auto reply = harness::post_event(
      w.api, harness::cloud_event(type, w.fresh("e-"), {{"who", ann.id}, {"text", "x"}}));
  CHECK(reply.status == 503);
  CHECK_FALSE(reply.header("retry-after").empty());
  CHECK(harness::eventually(10s, [&] { return w.api.get("/readyz").status == 503; }));
  CHECK(w.api.get("/livez").status == 200);
  ::kill(server->pid, SIGCONT);
  CHECK(harness::eventually(30s, [&] { return w.api.get("/readyz").status == 200; }));
  w.await_status(w.send(type, ann), "delivered", 20s);
}
