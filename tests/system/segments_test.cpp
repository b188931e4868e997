// Segments that are closed, settled and dropped under a daemon that goes on.
#include "tests/harness/journal.hpp"
#include "tests/harness/wait.hpp"
#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

/// Closes the open segment by hand and waits until the daemon has settled it.
void settle(world& w, const std::string& segment) {
  const auto url = w.daemon.database_url();
  harness::read_value(url, "select rotate_segment()");
  REQUIRE(harness::eventually(20s, [&] { // the read models' position stands for 5 s after a start
    return harness::read_value(url, "select settled_at is not null from segments where number = "
                                        + segment)
           == "t";
  }));
}

void restart(world& w) {
  w.daemon.kill();
  w.daemon.start();
  w.api.disconnect();
}

} // namespace

TEST_CASE("a segment is closed by hand while events come, settled by the daemon, and dropped: what "
          "waits goes on, who opted out stays out, a repeat is a repeat") {
  world w;
  const auto ann = w.new_person();
  const auto ben = w.new_person();
  CHECK(w.api
            .put("/v1/recipients/" + ben.id + "/preferences",
                 {{"channels", {{"sms", {{"enabled", false}}}}}})
            .status
        == 200);
  const auto later = w.send(w.new_rule({{"timing", "delay:24h"}}), ann);
  const auto at_once = w.new_rule();
  const auto event
      = harness::cloud_event(at_once, w.fresh("e-"), {{"who", ann.id}, {"text", "once"}});
  const auto first = harness::post_event(w.api, event).json();
  w.await_status(first.at("notifications")[0].at("id"), "delivered");
  settle(w, "1");
  harness::read_value(w.daemon.database_url(), "select drop_segment(1)");
  restart(w);
  const auto again = harness::post_event(w.api, event).json();
  CHECK(again.at("duplicate") == true);
  CHECK(w.show(later).at("status") == "scheduled");
  CHECK(w.timeline(later) == std::vector<std::string>{"notification_planned"});
  w.await_status(w.send(at_once, ben), "suppressed");
  w.await_status(w.send(at_once, ann), "delivered");
  CHECK(w.api.send("POST", "/v1/notifications/" + later + "/cancel").status == 200);
  CHECK(w.show(later).at("status") == "cancelled");
}

TEST_CASE("a daemon with hardly any memory for people serves them all") {
  world_options options;
  options.environment
      = {{"CARILLON_MEMORY_PEOPLE", "1MiB"}, {"CARILLON_JOURNAL_SEGMENT_ROWS", "500"}};
  world w{options};
  const auto type = w.new_rule();
  std::vector<person> all;
  for (int i = 0; i < 2'000; ++i)
    all.push_back(w.new_person());
  w.await_status(w.send(type, all.front()), "delivered");
  REQUIRE(harness::eventually(
      20s, [&] { return harness::daemon::metric(w.api, "carillon_people_evicted_total") > 0; }));
  for (const auto round : {0, 1}) {
    for (std::size_t i = 0; i < all.size(); i += 40)
      w.await_status(w.send(type, all[i]), "delivered");
    if (round == 0)
      restart(w);
  }
  CHECK(harness::daemon::metric(w.api, "carillon_people_read_total") > 0);
  CHECK(harness::eventually(20s, [&] {
    w.await_status(w.send(type, all.back()), "delivered");
    return harness::daemon::metric(w.api, "carillon_people_in_memory") < 2'000;
  }));
  require_agreement(w.ledger());
}
