#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/database.hpp"
#include "persistence/postgres/lane_writer.hpp"
#include "persistence/postgres/projection_writer.hpp"
#include "persistence/postgres/replay.hpp"
#include "persistence/postgres/segments.hpp"
#include "tests/persistence/backends.hpp"
#include "tests/persistence/proxy.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <random>

using namespace carillon;
using namespace carillon::persistence;
using namespace carillon::test;
using namespace std::chrono_literals;

// What PostgreSQL can do to settling, and settling to a replay.

namespace {

using flushed_to = std::array<std::uint64_t, partition_count>;

flushed_to everything() {
  flushed_to result{};
  result.fill(1'000'000);
  return result;
}

persistence::link open_link(const database& data) {
  link_options how;
  how.url = data.url();
  how.answer_timeout = 60s;
  return persistence::link{how};
}

/// A database with facts of partitions 0 to 3 in one lane, half of them about what is open.
struct settled_world {
  database data;
  persistence::link by_hand = open_link(data);
  std::uint64_t next = 1;

  settled_world() {
    database_options options;
    options.url = data.url();
    options.lanes = 1;
    REQUIRE(open_database(options));
    data.query("insert into node_lease values ('main', 1, now(), 'test')");
    by_hand.open();
  }

  static notification_id about(std::uint8_t partition, bool open) {
    return id_of(partition, open ? 1 : 2);
  }

  /// So many rows of each partition, in turn about what is open and what is not.
  void write(std::size_t rows) {
    lane_writer writer{{data.url(), 0, "main", 1, {}}};
    fold lines;
    std::vector<append> all;
    for (std::uint8_t partition = 0; partition < 4; ++partition) {
      all.push_back(rows_of(partition, next, rows));
      for (auto& row : all.back().rows)
        row.notification = about(partition, row.sequence % 2 == 0);
      for (bool open : {false, true}) {
        auto line = line_of(about(partition, open), status::queued);
        line.open = open;
        lines.add(line);
      }
    }
    lane_batch batch;
    for (auto& part : all)
      batch.appends.push_back(&part);
    REQUIRE(writer.write(batch) == write_result::committed);
    lines.position = batch.last_position;
    projection_writer{data.url(), 0}.write(lines);
    next += rows;
  }

  void settle(int number) {
    settle_segment(by_hand, number, everything());
  }

  /// All that settling may change, as one text.
  std::string state() const {
    std::string result;
    for (const char* table :
         {"segments", "lane_state", "partition_owner", "carried", "segment_events"})
      result += data.value(std::string("select coalesce(string_agg(x::text, ';' order by x::text), "
                                       "'') from ")
                           + table + " x");
    return result;
  }

  /// Waits until a session of ours waits for a lock, and gives its process.
  std::string waiting() const {
    for (;;) {
      auto found = data.query("select pid from pg_stat_activity where datname = current_database() "
                              "and wait_event_type = 'Lock' and query like '%settle_segment%'");
      if (!found.empty())
        return found[0][0];
      std::this_thread::yield();
    }
  }
};

struct seen {
  std::vector<std::uint64_t> carried;
  std::vector<std::uint64_t> rows;
  std::uint64_t next = 0;
};

/// The replay of all four partitions, told to `during` as it goes; gives partition 2's.
seen replay(const std::string& url, const std::function<void(const replay_chunk&)>& during = {}) {
  seen result;
  replay_options how;
  how.url = url;
  how.rows_per_chunk = 16;
  for (std::size_t partition = 0; partition < 4; ++partition)
    how.partitions.set(partition);
  replay_sink sink;
  sink.chunk = [&](partition_id to, const replay_chunk_ptr& chunk) {
    if (during)
      during(*chunk);
    if (to.value == 2)
      for (const auto& row : chunk->rows)
        (chunk->settled ? result.carried : result.rows).push_back(row.sequence);
  };
  sink.end = [&](partition_id to, replay_end end) {
    if (to.value == 2)
      result.next = end.next_sequence;
  };
  replay_lane(how, sink);
  return result;
}

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to, std::uint64_t by = 1) {
  std::vector<std::uint64_t> result;
  for (; from <= to; from += by)
    result.push_back(from);
  return result;
}

} // namespace

TEST_CASE("a settling that is cancelled leaves everything as it was, and the next one does it",
          "[faults]") {
  settled_world world;
  world.write(10);
  rotate_segment(world.by_hand);
  auto before = world.state();
  auto blocker = open_link(world.data);
  blocker.open();
  blocker.run("begin; lock table segment_events in access exclusive mode");
  auto settling = std::async(std::launch::async, [&] {
    auto its = open_link(world.data);
    its.open();
    CHECK_THROWS_WITH(settle_segment(its, 1, everything()), Catch::Matchers::Contains("canceling"));
  });
  auto process = world.waiting();
  CHECK_THROWS_WITH(world.settle(1), Catch::Matchers::Contains("another session"));
  world.data.query("select pg_cancel_backend(" + process + ")");
  settling.get();
  blocker.run("rollback");
  CHECK(world.state() == before);
  CHECK(replay(world.data.url()).rows == range(1, 10));
  world.settle(1);
  auto after = replay(world.data.url());
  CHECK(after.carried == range(2, 10, 2));
  CHECK(after.rows.empty());
  CHECK(after.next == 11);
}

TEST_CASE("readers and appends go on while a segment is settled", "[faults]") {
  settled_world world;
  world.write(10);
  rotate_segment(world.by_hand);
  world.write(10); // a new writer knows the new segment
  auto blocker = open_link(world.data);
  blocker.open();
  blocker.run("begin; lock table segment_events in access exclusive mode");
  auto settling = std::async(std::launch::async, [&] {
    auto its = open_link(world.data);
    its.open();
    settle_segment(its, 1, everything());
  });
  world.waiting();
  world.write(10);
  CHECK(world.data.value("select count(*) from journal_1") == "40");
  CHECK(world.data.value("select settled_position from lane_state") == "0");
  blocker.run("commit");
  settling.get();
  CHECK(world.data.value("select settled_position from lane_state") == "40");
  CHECK(replay(world.data.url()).rows == range(11, 30));
}

TEST_CASE("a replay that is cut goes on, also if its segment is settled meanwhile", "[faults]") {
  auto settle_after = GENERATE(std::size_t{0}, std::size_t{2}, std::size_t{40});
  settled_world world;
  world.write(2000);
  rotate_segment(world.by_hand);
  world.settle(1);
  world.write(2000);
  rotate_segment(world.by_hand);
  std::mt19937 random{5};
  int left = 8;
  cutting_proxy proxy{[&] {
    cut plan;
    if (left-- > 0)
      plan.after_received = 5000 + random() % 300'000;
    return plan;
  }};
  std::size_t chunks = 0;
  auto got = replay(proxy.url(world.data), [&](const replay_chunk&) {
    if (chunks++ == settle_after)
      world.settle(2);
  });
  CHECK(got.carried == range(2, 2000, 2));
  CHECK(got.rows == range(2001, 4000));
  CHECK(got.next == 4001);
  auto next = replay(world.data.url());
  CHECK(next.carried == range(2, 4000, 2));
  CHECK(next.rows.empty());
}

TEST_CASE("a segment that is dropped under a replay's hands fails it", "[faults]") {
  settled_world world;
  world.write(2000);
  rotate_segment(world.by_hand);
  int left = 1;
  cutting_proxy proxy{[&] {
    cut plan;
    if (left-- > 0)
      plan.after_received = 100'000;
    return plan;
  }};
  bool dropped = false;
  auto drop = [&](const replay_chunk&) {
    if (std::exchange(dropped, true))
      return;
    while (proxy.cuts() == 0)
      std::this_thread::yield();
    world.settle(1);
    drop_segment(world.by_hand, 1);
  };
  CHECK_THROWS_WITH(replay(proxy.url(world.data), drop), Catch::Matchers::Contains("was dropped"));
}

TEST_CASE("what is open is told by its status in a database of before", "[faults]") {
  database data;
  database_options options;
  options.url = data.url();
  REQUIRE(open_database(options));
  data.query("delete from schema_migrations where number = 5");
  for (const char* what :
       {"table snapshots", "table carried", "table segment_events", "function refuse_tending",
        "function tend_alone", "function segment_rows", "function end_before",
        "function refuse_settled cascade", "function seal_segment", "function settle_positions",
        "function carry_segment", "function pack_events", "function settle_segment",
        "function drop_segment(integer)", "function drop_lines"})
    data.query(std::string("drop ") + what);
  data.query("alter table notifications drop column open");
  data.query("alter table segments drop column settled_at, drop column row_count");
  data.query("alter table lane_state drop column settled_position");
  data.query(
      "create function drop_segment(integer, interval, boolean) returns boolean language sql "
      "as 'select true'");
  data.query("insert into notifications select gen_random_uuid(), 0, now(), now(), null, null, 0, "
             "0, code, null, 0, 't', 'r', 'e', 'n' from codes where kind = 'status'");
  REQUIRE(open_database(options));
  CHECK(data.value("select count(*) from notifications where open") == "7");
  CHECK(data.value("select count(*) from notifications n join codes c on c.kind = 'status' and "
                   "c.code = n.status where open and name = 'delivered'")
        == "0");
}
