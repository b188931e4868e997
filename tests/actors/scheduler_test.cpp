#include "actors/scheduler/scheduler.hpp"

#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <map>

using namespace carillon;
using namespace std::chrono_literals;
using carillon::test::monday;

namespace {

notification_id id_of(std::uint64_t n) {
  return make_notification_id(partition_id{0}, monday, 0, n);
}

struct fixture {
  test::actor_world world;
  test::probe owner{world};
  scheduler_actor scheduler_
      = world.spawn(scheduler, scheduler_arguments{owner.as<partition_actor>(), &world.clock()});

  void arm(std::uint64_t n, timestamp at, timestamp was = far_future) {
    world.tell(scheduler_, arm_deadline{id_of(n), at, was});
  }
  std::vector<notification_id> due() {
    return owner.next<deadlines_due>().ids;
  }
  bool quiet() {
    return !owner.poll<deadlines_due>();
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a deadline is told when it has come and not before") {
  arm(1, monday + 10s);
  world.advance(9999ms);
  CHECK(quiet());
  world.advance(1ms);
  CHECK(due() == std::vector{id_of(1)});
  world.advance(24h);
  CHECK(quiet());
}

TEST_CASE_METHOD(
    fixture,
    "a later deadline replaces an earlier one of the same notification, and none takes it away") {
  arm(1, monday + 10s);
  arm(1, monday + 20s, monday + 10s);
  arm(2, monday + 15s);
  arm(2, far_future, monday + 15s);
  world.advance(15s);
  CHECK(quiet());
  world.advance(5s);
  CHECK(due() == std::vector{id_of(1)});
}

TEST_CASE_METHOD(fixture, "an earlier deadline moves the timer forward") {
  arm(1, monday + 1h);
  arm(2, monday + 1s);
  world.advance(1s);
  CHECK(due() == std::vector{id_of(2)});
  world.advance(1h);
  CHECK(due() == std::vector{id_of(1)});
}

TEST_CASE_METHOD(fixture, "what is due together is told together, in order of time") {
  world.tell(scheduler_, std::vector<arm_deadline>{
                             {id_of(3), monday + 2s}, {id_of(1), monday}, {id_of(2), monday - 1h}});
  world.advance(1s);
  CHECK(due() == std::vector{id_of(2), id_of(1)});
  world.advance(1s);
  CHECK(due() == std::vector{id_of(3)});
}

TEST_CASE_METHOD(fixture, "a deadline a month ahead comes at its time") {
  arm(1, monday + 31 * 24h);
  world.advance(31 * 24h - 1s);
  CHECK(quiet());
  world.advance(1s);
  CHECK(due() == std::vector{id_of(1)});
}

TEST_CASE_METHOD(fixture, "a clock set back makes nothing early") {
  arm(1, monday + 10s);
  world.jump(-1h);
  world.advance(10s);
  CHECK(quiet());
  world.advance(1h);
  CHECK(due() == std::vector{id_of(1)});
}

TEST_CASE_METHOD(fixture, "a clock set forward makes nothing late once it is known") {
  arm(1, monday + 6h);
  world.jump(7h);
  CHECK(quiet());
  world.tell(scheduler_, clock_changed{});
  CHECK(due() == std::vector{id_of(1)});
}

TEST_CASE("what is due is exactly the newest deadline of each, whatever was armed before") {
  auto ok = rc::check([] {
    scheduler_model model;
    std::map<notification_id, timestamp> expected;
    auto moves = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 20), rc::gen::inRange(-1, 100)));
    for (auto [who, when] : moves) {
      auto id = id_of(static_cast<std::uint64_t>(who));
      auto at = when < 0 ? far_future : monday + std::chrono::seconds{when};
      auto& armed = expected.try_emplace(id, far_future).first->second;
      model.arm({id, at, std::exchange(armed, at)});
    }
    std::erase_if(expected, [](const auto& e) { return e.second == far_future; });
    RC_ASSERT(model.size() == expected.size());
    for (int t = 0; t <= 100; t += 10) {
      auto now = monday + std::chrono::seconds{t};
      for (const auto& id : model.take_due(now)) {
        RC_ASSERT(expected.at(id) <= now);
        expected.erase(id);
      }
      RC_ASSERT(std::none_of(expected.begin(), expected.end(),
                             [&](const auto& e) { return e.second <= now; }));
    }
  });
  CHECK(ok);
}
