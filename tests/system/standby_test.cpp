#include "tests/system/support/inbox_rule.hpp"
#include "tests/system/support/load.hpp"
#include "tests/system/support/node_pair.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <csignal>

using namespace carillon;
using namespace carillon::test;
using harness::steady;

namespace {

// A provider that takes its time now and then, so that calls are out when the node goes.
const json slow_provider = json::array({{{"probability", 0.3}, {"seed", 1}, {"delay_ms", 80}}});

std::vector<person> people_of(world& w, unsigned count) {
  std::vector<person> out;
  for (unsigned i = 0; i < count; ++i)
    out.push_back(w.new_person());
  return out;
}

/// Events by SMS for many and by live session for one, to whichever node answers.
class traffic {
public:
  explicit traffic(node_pair& nodes)
      : nodes_(nodes), reader_(nodes.w.new_person()), texts_(nodes.w, texts()),
        news_(nodes.w, news()), live_(nodes.nodes(), harness::token_of(nodes.w.api, reader_.id)) {}

  /// Waits until so many more events were acknowledged, of both kinds.
  bool flows(std::size_t more) {
    const auto texts = texts_.accepted() + more;
    const auto news = news_.accepted() + more / 10;
    return texts_.await(texts, 30s) && news_.await(news, 30s);
  }

  /// Ends it, and holds client, journal and provider against each other.
  harness::ledger_report settle() {
    CHECK(texts_.finish());
    CHECK(news_.finish());
    CHECK(texts_.complaints() == std::vector<std::string>{});
    CHECK(news_.complaints() == std::vector<std::string>{});
    nodes_.w.acknowledged.merge(texts_.acknowledged());
    nodes_.w.acknowledged.merge(news_.acknowledged());
    CHECK(harness::eventually(20s, [&] { return live_.offset() >= news_.accepted(); }));
    CHECK(live_.finish() == "");
    CHECK(live_.offset() == news_.accepted());
    CHECK(live_.sessions() >= 2);
    harness::eventually(60s, [&] { return nodes_.w.ledger().problems.empty(); });
    return nodes_.w.ledger();
  }

private:
  load::options texts() {
    nodes_.w.simulator.script(slow_provider);
    auto what = to_both(nodes_.w.new_rule());
    what.people = people_of(nodes_.w, 40);
    return what;
  }
  load::options news() {
    auto what = to_both(nodes_.w.new_rule(in_app));
    what.threads = 1;
    what.people = {reader_};
    return what;
  }
  load::options to_both(std::string type) const {
    load::options what;
    what.type = std::move(type);
    what.nodes = nodes_.nodes();
    what.patience = 1s;
    return what;
  }

  node_pair& nodes_;
  person reader_;
  load texts_;
  load news_;
  live_reader live_;
};

} // namespace

TEST_CASE("a standby says what it is, refuses events, and ends when it is told to") {
  node_pair nodes;
  auto standby = nodes.second.api();
  CHECK(standby.get("/livez").status == 200);
  const auto ready = standby.get("/readyz?verbose");
  CHECK(ready.status == 503);
  CHECK(ready.json()["state"] == "standby");
  const auto pid = fmt::format("process {}", nodes.first().pid());
  CHECK(ready.json()["details"]["holder"].get<std::string>().ends_with(pid));
  CHECK(nodes.second.log().find(pid + " has it") != std::string::npos);
  const auto refused = harness::post_event(standby, harness::cloud_event("x", "1", {}));
  CHECK(refused.status == 503);
  CHECK_FALSE(refused.header("retry-after").empty());
  CHECK(standby.get("/v1/notifications").status == 503);
  CHECK(standby.post("/v1/callbacks/sms-main", {}).status == 503);
  CHECK(nodes.second.stop(5s) == 0);
  nodes.w.await_status(nodes.w.send(nodes.w.new_rule(), nodes.w.new_person()), "delivered");
}

TEST_CASE("a standby owns everything within 5 s when the first node is killed under load") {
  node_pair nodes;
  traffic running{nodes};
  REQUIRE(running.flows(300));
  const auto killed = steady::now();
  nodes.first().kill();
  const auto took = nodes.await_takeover(killed);
  REQUIRE(running.flows(200));
  const auto report = running.settle();
  WARN(fmt::format("killed: taken over after {} ms; {}", took.count(), report.words()));
  CHECK(took < 5s);
  require_agreement(report);
}

TEST_CASE("a standby owns everything within 10 s when the first node is paused under load, and the "
          "woken one calls nobody, says why and ends with 5") {
  node_pair nodes;
  traffic running{nodes};
  REQUIRE(running.flows(300));
  const auto paused = steady::now();
  nodes.first().signal(SIGSTOP);
  const auto took = nodes.await_takeover(paused);
  REQUIRE(running.flows(200));
  const auto calls_before = nodes.calls_of_first().size();
  const auto woken = steady::now();
  nodes.first().signal(SIGCONT);
  CHECK(nodes.first().await_end(5s) == 5);
  const auto ended = std::chrono::duration_cast<milliseconds>(steady::now() - woken);
  CHECK(nodes.first().log().find("another node took over the lease") != std::string::npos);
  REQUIRE(running.flows(100));
  const auto report = running.settle();
  WARN(fmt::format("paused: taken over after {} ms, the first ended {} ms after it woke; {}",
                   took.count(), ended.count(), report.words()));
  CHECK(took < 10s);
  CHECK(calls_before > 0);
  CHECK(nodes.calls_of_first().size() == calls_before);
  require_agreement(report);
}

TEST_CASE("a standby takes over at once when the first node is told to stop under load") {
  node_pair nodes;
  traffic running{nodes};
  REQUIRE(running.flows(300));
  const auto told = steady::now();
  nodes.first().signal(SIGTERM);
  const auto took = nodes.await_takeover(told);
  CHECK(nodes.first().await_end(5s) == 0);
  REQUIRE(running.flows(200));
  const auto report = running.settle();
  WARN(fmt::format("stopped: taken over after {} ms; {}", took.count(), report.words()));
  CHECK(took < 5s);
  CHECK(report.unknown == 0); // a drain leaves no call without its answer
  require_agreement(report);
}
