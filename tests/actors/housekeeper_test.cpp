#include "actors/housekeeper/housekeeper.hpp"

#include "messages/errors.hpp"

#include "tests/support/actor_world.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;
using kind = housekeeping_step::kind;
using verb = tend_segments::verb;

namespace {

segment_info open_segment(std::int32_t number, std::uint64_t rows, timestamp since = monday) {
  return {number, rows, since, no_time, no_time};
}

segment_info closed_segment(std::int32_t number, timestamp at = monday) {
  return {number, 100, monday - 24h, at, no_time};
}

segment_info settled_segment(std::int32_t number, timestamp closed_at) {
  return {number, 100, monday - 24h, closed_at, closed_at};
}

/// What the store would hold, and what it was asked for.
struct fake_store {
  const carillon::clock* time = nullptr;
  std::vector<segment_info> segments{open_segment(1, 0)};
  std::vector<std::string> asked; ///< all but lists
  std::array<std::uint64_t, partition_count> flushed{};
  std::string refusal; ///< of settling
  bool broken = false;
  std::size_t lists = 0;

  void rotate() {
    segments.back().closed_at = time->now();
    segments.push_back(open_segment(segments.back().number + 1, 0, time->now()));
  }

  segments_listed answer(const tend_segments& m) {
    auto one = std::find_if(segments.begin(), segments.end(),
                            [&](const auto& x) { return x.number == m.segment; });
    if (m.what == verb::list) {
      ++lists;
    } else if (m.what == verb::rotate) {
      asked.emplace_back("rotate");
      rotate();
    } else if (m.what == verb::settle) {
      asked.push_back("settle " + std::to_string(m.segment));
      flushed = m.flushed;
      if (!refusal.empty())
        return {segments, refusal};
      one->settled_at = time->now();
    } else {
      asked.push_back("drop " + std::to_string(m.segment));
      segments.erase(one);
    }
    return {segments, {}};
  }
};

store_actor::behavior_type play_store(store_actor::pointer, fake_store* played) {
  return {
      [](const read_facts&) { return facts_read{}; },
      [](const find_event&) { return event_found{}; },
      [](const list_notifications&) { return answer{}; },
      [](const list_dead_letters&) { return answer{}; },
      [](const load_catalogue&) { return catalogue_rows{}; },
      [](const save_catalogue&) { return catalogue_saved{}; },
      [](const save_snapshots&) { return snapshots_saved{}; },
      [](const read_snapshots&) { return snapshots_read{}; },
      [played](const tend_segments& m) -> caf::result<segments_listed> {
        if (played->broken)
          return make_error(errc::store_failed, "away");
        return played->answer(m);
      },
      [](const get_health&) { return health{}; },
  };
}

/// Plays all partitions at once: the n-th question is answered with n, or waits to be.
struct fake_partitions {
  bool hold = false;
  bool replaying = false;
  std::uint64_t asked = 0;
  std::vector<caf::typed_response_promise<people_flushed>> held;
};

caf::behavior play_partitions(caf::event_based_actor* self, fake_partitions* played) {
  return {[=](const flush_people&) -> caf::result<people_flushed> {
            if (played->replaying)
              return make_error(errc::not_ready);
            if (!played->hold)
              return people_flushed{++played->asked};
            played->held.push_back(self->make_response_promise<people_flushed>());
            return played->held.back();
          },
          [=](const tick_due&) {
            for (auto& promise : std::exchange(played->held, {}))
              promise.deliver(people_flushed{++played->asked});
          }};
}

struct house {
  actor_world world;
  fake_store store;
  fake_partitions partitions;
  metrics count;
  housekeeper_actor keeper;

  explicit house(journal_settings with = {100, 1h, duration{0}, 10s}) {
    store.time = &world.clock();
    auto shelf = world.spawn(play_store, &store);
    keeper = world.spawn(housekeeper, housekeeper_arguments{shelf, &world.clock(), with, &count});
    auto all = world.spawn(play_partitions, &partitions);
    publish(caf::actor_cast<partition_actor>(all));
  }

  void publish(const partition_actor& everybody, std::size_t absent = partition_count) {
    auto table = std::make_shared<partition_table>();
    for (std::size_t i = 0; i < partition_count; ++i)
      if (i != absent)
        (*table)[i] = everybody;
    everybody_ = everybody;
    world.tell(keeper, know_partitions{table});
  }
  void answer_held() {
    world.tell(caf::actor_cast<caf::actor>(everybody_), tick_due{});
  }
  void lose(std::size_t partition) {
    publish(everybody_, partition);
  }
  void find_again() {
    publish(everybody_);
  }
  auto ask(verb what) {
    return world.ask<segments_listed>(keeper, tend_segments{what, 0, {}});
  }
  std::vector<std::string> done() {
    return std::exchange(store.asked, {});
  }

private:
  partition_actor everybody_;
};

using words = std::vector<std::string>;

} // namespace

// -- what is due ------------------------------------------------------------------

TEST_CASE("a segment is closed when it is large, or old and not empty") {
  journal_settings with{100, 1h, duration{0}, 10s};
  auto due = [&](const segment_info& x, timestamp now) { return next_step({x}, now, with).what; };
  CHECK(due(open_segment(1, 99), monday) == kind::none);
  CHECK(due(open_segment(1, 100), monday) == kind::rotate);
  CHECK(due(open_segment(1, 1), monday + 1h) == kind::rotate);
  CHECK(due(open_segment(1, 1), monday + 59min) == kind::none);
  CHECK(due(open_segment(1, 0), monday + 24h) == kind::none);
}

TEST_CASE("the oldest closed segment is settled first, and none that is settled or open") {
  journal_settings with;
  std::vector<segment_info> all{settled_segment(1, monday), closed_segment(2), closed_segment(3),
                                open_segment(4, 1)};
  CHECK(next_step(all, monday, with) == housekeeping_step{kind::settle, 2});
  all[1].settled_at = monday;
  CHECK(next_step(all, monday, with) == housekeeping_step{kind::settle, 3});
  all[2].settled_at = monday;
  CHECK(next_step(all, monday, with) == housekeeping_step{});
}

TEST_CASE(
    "a settled segment is dropped when it was kept for long enough, and never without a time") {
  journal_settings with;
  std::vector<segment_info> all{settled_segment(1, monday), settled_segment(2, monday + 1h),
                                open_segment(3, 1, monday + 48h)};
  CHECK(next_step(all, monday + 48h, with).what == kind::none);
  with.keep = 24h;
  CHECK(next_step(all, monday + 23h, with).what == kind::none);
  CHECK(next_step(all, monday + 24h, with) == housekeeping_step{kind::drop, 1});
  CHECK(next_step(all, monday + 24h, with, {false, false, true}).what == kind::none);
}

TEST_CASE("what a round is over with does not keep it from the rest") {
  journal_settings with{100, 1h, 1h, 10s};
  std::vector<segment_info> all{settled_segment(1, monday - 24h), closed_segment(2),
                                open_segment(3, 200)};
  CHECK(next_step(all, monday, with).what == kind::rotate);
  CHECK(next_step(all, monday, with, {true, false, false}).what == kind::settle);
  CHECK(next_step(all, monday, with, {true, true, false}).what == kind::drop);
}

// -- the actor --------------------------------------------------------------------

TEST_CASE("a full segment is closed and settled at the next look, with what every partition said") {
  house h;
  h.store.segments.back().rows = 100;
  h.world.advance(9s);
  CHECK(h.done().empty());
  h.world.advance(1s);
  CHECK(h.done() == words{"rotate", "settle 1"});
  auto told = h.store.flushed;
  std::sort(told.begin(), told.end());
  CHECK(told.front() == 1);
  CHECK(told.back() == partition_count);
  CHECK(h.count.segments_open.get() == 1);
  CHECK(h.count.segments_settled.get() == 1);
  h.world.advance(1min);
  CHECK(h.done().empty());
}

TEST_CASE("an old segment is closed by the wall clock, however that moves") {
  house h;
  h.store.segments.back().rows = 1;
  h.world.advance(10s);
  CHECK(h.done().empty());
  h.world.jump(1h);
  h.world.advance(10s);
  CHECK(h.done() == words{"rotate", "settle 1"});
}

TEST_CASE("everything closed is settled, the oldest first, and dropped when its time has come") {
  house h{{100, 24h, 30min, 10s}};
  h.store.segments = {closed_segment(1), closed_segment(2), open_segment(3, 5)};
  h.world.advance(10s);
  CHECK(h.done() == words{"settle 1", "settle 2"});
  h.world.advance(30min);
  CHECK(h.done() == words{"drop 1", "drop 2"});
  CHECK(h.store.segments.size() == 1);
}

TEST_CASE("a refused settling is tried again at the next look, and keeps nothing else from it") {
  house h;
  h.store.refusal = "the read models are behind";
  h.store.segments = {closed_segment(1), open_segment(2, 100)};
  h.world.advance(10s);
  CHECK(h.done() == words{"rotate", "settle 1"});
  h.store.refusal.clear();
  h.world.advance(10s);
  CHECK(h.done() == words{"settle 1", "settle 2"});
}

TEST_CASE("while a partition is absent or replays, nothing is settled") {
  house h;
  h.store.segments = {closed_segment(1), open_segment(2, 0)};
  h.lose(200);
  h.world.advance(10s);
  CHECK(h.done().empty());
  h.find_again();
  h.partitions.replaying = true;
  h.world.advance(10s);
  CHECK(h.done().empty());
  h.partitions.replaying = false;
  h.world.advance(10s);
  CHECK(h.done() == words{"settle 1"});
}

TEST_CASE("a partition that ends before it answers is waited for no longer") {
  house h;
  h.store.segments = {closed_segment(1), open_segment(2, 0)};
  h.partitions.hold = true;
  auto asked = h.ask(verb::settle);
  h.lose(200); // not asked yet
  CHECK(asked->pending());
  h.find_again();
  h.lose(3);
  CHECK(asked->get().refused == "partition 3 restarts");
  h.answer_held(); // too late
  CHECK(h.done().empty());
}

TEST_CASE("no more than some partitions write their people at the same time") {
  house h;
  h.store.segments = {closed_segment(1), open_segment(2, 0)};
  h.partitions.hold = true;
  auto asked = h.ask(verb::settle);
  std::size_t rounds = 0;
  while (!h.partitions.held.empty()) {
    CHECK(h.partitions.held.size() <= 16);
    h.answer_held();
    ++rounds;
  }
  CHECK(rounds == partition_count / 16);
  CHECK(asked->get().segments.front().settled_at == h.world.now());
}

TEST_CASE("nothing is done before the partitions are known, but a list is answered") {
  actor_world world;
  fake_store store;
  store.time = &world.clock();
  store.segments.back().rows = 1000;
  auto shelf = world.spawn(play_store, &store);
  auto keeper = world.spawn(
      housekeeper,
      housekeeper_arguments{shelf, &world.clock(), {100, 1h, duration{0}, 10s}, nullptr});
  world.advance(1min);
  CHECK(store.asked.empty());
  auto all = world.ask<segments_listed>(keeper, tend_segments{});
  CHECK(all->get().segments.size() == 1);
  auto asked = world.ask<segments_listed>(keeper, tend_segments{verb::rotate, 0, {}});
  CHECK(asked->get().refused == "partition 0 is not there");
  CHECK(store.asked == words{"rotate"});
}

// -- who asks ---------------------------------------------------------------------

TEST_CASE("who asks for a rotation gets it now, settled, whatever the segment holds") {
  house h;
  auto asked = h.ask(verb::rotate)->get();
  CHECK(h.done() == words{"rotate", "settle 1"});
  REQUIRE(asked.segments.size() == 2);
  CHECK(asked.segments[0].settled_at != no_time);
  CHECK(asked.refused.empty());
}

TEST_CASE("who asks is told what was refused") {
  house h;
  h.store.refusal = "the read models are behind";
  auto asked = h.ask(verb::rotate)->get();
  CHECK(asked.refused == "the read models are behind");
  CHECK(asked.segments.size() == 2);
}

TEST_CASE("two requests are two rounds, one after the other, and a look meanwhile is none") {
  house h;
  h.partitions.hold = true;
  auto first = h.ask(verb::rotate);
  auto second = h.ask(verb::rotate);
  CHECK(h.done() == words{"rotate"});
  h.world.advance(1min);
  CHECK(h.done().empty());
  h.partitions.hold = false;
  h.answer_held();
  CHECK(h.done() == words{"settle 1", "rotate", "settle 2"});
  CHECK(first->get().segments.size() == 2);
  CHECK(second->get().segments.size() == 3);
}

TEST_CASE("who asks for a drop has that segment dropped, whatever its age") {
  house h;
  h.store.segments = {settled_segment(1, monday), open_segment(2, 0)};
  auto asked = h.world.ask<segments_listed>(h.keeper, tend_segments{verb::drop, 1, {}});
  CHECK(asked->get().segments.size() == 1);
  CHECK(h.done() == words{"drop 1"});
}

TEST_CASE("a database that is away is told to who asks, and looked at again") {
  house h;
  h.store.segments = {closed_segment(1), open_segment(2, 0)};
  h.store.broken = true;
  h.world.advance(30s);
  CHECK(code_of(*h.ask(verb::rotate)->error) == errc::store_failed);
  CHECK(h.world.ask<health>(h.keeper, get_health{})->get().json.find("away") != std::string::npos);
  h.store.broken = false;
  h.world.advance(10s);
  CHECK(h.done() == words{"settle 1"});
  CHECK(h.world.ask<health>(h.keeper, get_health{})->get().json
        == R"({"segments_open":1,"segments_settled":1,"trouble":""})");
}

TEST_CASE("a store that says it settled and has not is not asked for ever") {
  house h;
  h.store.segments = {closed_segment(1), open_segment(2, 0)};
  struct forgetful : carillon::clock {
    [[nodiscard]] timestamp now() const noexcept override {
      return no_time;
    }
  } never;
  h.store.time = &never;
  h.world.advance(10s);
  CHECK(h.done() == words{"settle 1"});
}
