#include "messages/errors.hpp"

#include "persistence/postgres/database.hpp"
#include "persistence/postgres/lane.hpp"
#include "persistence/postgres/lease.hpp"
#include "persistence/postgres/segments.hpp"
#include "tests/persistence/backends.hpp"
#include "tests/persistence/proxy.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <mutex>
#include <random>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::persistence;
using namespace carillon::test;
using namespace std::chrono_literals;

// What storage can do to a lane, and what must hold all the same: what was acknowledged is there
// once, in order, without holes.

namespace {

/// The healths a lane told, and waiting for one.
class health_log {
public:
  void note(const journal_health& news) {
    std::lock_guard guard{mutex_};
    seen_.push_back(news);
    changed_.notify_all();
  }
  bool await(journal_state state) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, 30s, [&] {
      return std::any_of(seen_.begin(), seen_.end(),
                         [&](const journal_health& h) { return h.state == state; });
    });
  }
  bool saw(journal_state state) {
    std::lock_guard guard{mutex_};
    return std::any_of(seen_.begin(), seen_.end(),
                       [&](const journal_health& h) { return h.state == state; });
  }
  std::string last_detail(journal_state state) {
    std::lock_guard guard{mutex_};
    for (auto at = seen_.rbegin(); at != seen_.rend(); ++at)
      if (at->state == state)
        return at->detail;
    return {};
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<journal_health> seen_;
};

struct lane_world {
  database data;
  persistence_world world;
  health_log health;
  journal_actor journal;

  lane_world() {
    database_options options;
    options.url = data.url();
    options.lanes = 1;
    REQUIRE(open_database(options));
    data.query("insert into node_lease values ('main', 1, now(), 'test')");
  }
  ~lane_world() {
    if (journal)
      caf::anon_send_exit(journal, caf::exit_reason::user_shutdown);
  }

  void start(const std::string& url) {
    lane_options options;
    options.writer = {url, 0, "main", 1, {}};
    options.on_health = [this](const journal_health& news) { health.note(news); };
    journal = world.system().spawn<caf::detached>(lane, options);
  }

  /// Waves of one append each of four partitions; every one must be acknowledged.
  void write_waves(std::size_t waves, std::size_t rows = 2) {
    for (std::size_t wave = 0; wave < waves; ++wave) {
      std::vector<append> all;
      for (std::uint8_t partition = 0; partition < 4; ++partition)
        all.push_back(rows_of(partition, next_[partition], rows));
      for (auto& answer : world.write_all(journal, std::move(all)))
        REQUIRE(answer);
      for (auto& next : next_)
        next += rows;
    }
  }

  /// Exactly what was acknowledged is there.
  void check() {
    auto total = std::to_string(4 * (next_[0] - 1));
    CHECK(data.value("select count(*) from journal_1") == total);
    CHECK(data.value("select max(position) from journal_1") == total);
    CHECK(data.value("select count(distinct (partition, sequence)) from journal_1") == total);
    CHECK(data.value("select bool_and(sequence = n) from (select sequence, row_number() over "
                     "(partition by partition order by position) as n from journal_1) x")
          == "t");
  }

private:
  std::array<std::uint64_t, 4> next_{1, 1, 1, 1};
};

struct small_disk {
  std::filesystem::path at;
  bool mounted;

  explicit small_disk(const std::filesystem::path& where)
      : at(where), mounted(::mount("tmpfs", where.c_str(), "tmpfs", 0, "size=3m,mode=777") == 0) {}
  ~small_disk() {
    if (mounted)
      ::umount2(at.c_str(), MNT_DETACH);
  }
};

} // namespace

TEST_CASE("connections cut anywhere lose nothing and double nothing", "[faults]") {
  lane_world lanes;
  std::mt19937 random{20261123};
  int left = 60;
  cutting_proxy proxy{[&] {
    if (left-- <= 0)
      return cut{};
    // Most cuts fall behind the set-up of the connection, in or right after a batch.
    cut plan;
    if (random() % 2 == 0)
      plan.after_sent = 900 + random() % 6000;
    else
      plan.after_received = 500 + random() % 2500;
    return plan;
  }};
  lanes.start(proxy.url(lanes.data));
  lanes.write_waves(300);
  lanes.check();
  CHECK(proxy.cuts() >= 20);
}

TEST_CASE("a commit that nobody waited for is found and not written again", "[faults]") {
  auto rows = GENERATE(std::size_t{1}, std::size_t{3000});
  lane_world lanes;
  int left = 3;
  cutting_proxy proxy{[&] {
    cut plan;
    plan.commit_alone = left-- > 0;
    return plan;
  }};
  lanes.start(proxy.url(lanes.data));
  lanes.write_waves(2, rows);
  lanes.check();
  CHECK(proxy.cuts() >= 2);
}

TEST_CASE("terminated server processes are survived", "[faults]") {
  lane_world lanes;
  lanes.start(lanes.data.url());
  std::atomic<bool> done{false};
  std::atomic<int> killed{0};
  std::thread killer{[&] {
    std::mt19937 random{7};
    while (!done) {
      killed += static_cast<int>(
          lanes.data
              .query(
                  "select pg_terminate_backend(pid) from pg_stat_activity where application_name "
                  "like 'carillon lane%' and datname = current_database()")
              .size());
      std::this_thread::sleep_for(std::chrono::milliseconds{5 + random() % 60});
    }
  }};
  for (int waves = 0; waves < 300 && killed < 10; ++waves)
    lanes.write_waves(3);
  done = true;
  killer.join();
  lanes.check();
  CHECK(killed >= 10);
}

TEST_CASE("a server that dies under load is waited for", "[faults]") {
  lane_world lanes;
  lanes.start(lanes.data.url());
  lanes.write_waves(5);
  for (int signal : {SIGKILL, SIGINT}) {
    std::thread killer{[signal] { postgres().kill(signal); }};
    lanes.write_waves(100);
    killer.join();
    lanes.write_waves(2);
  }
  REQUIRE(postgres().await_ready(30s));
  lanes.check();
  CHECK(lanes.health.await(journal_state::down));
}

TEST_CASE("a fenced lane writes nothing and refuses everything", "[faults]") {
  lane_world lanes;
  lanes.start(lanes.data.url());
  lanes.write_waves(1);
  lanes.data.query("update node_lease set epoch = epoch + 1");
  auto stale = rows_of(0, 3);
  stale.keys.push_back({{0}, tenant_id{"t"}, recipient_id{"r"}, ""});
  auto refused = lanes.world.write(lanes.journal, stale);
  REQUIRE_FALSE(refused);
  CHECK(code_of(refused.error()) == errc::fenced);
  CHECK(lanes.health.await(journal_state::fenced));
  lanes.data.query("update node_lease set epoch = 1");
  CHECK_FALSE(lanes.world.write(lanes.journal, rows_of(1, 3)));
  lanes.check();
}

TEST_CASE("a reader that is idle in its transaction does not hold up appends", "[faults]") {
  lane_world lanes;
  lanes.start(lanes.data.url());
  lanes.write_waves(1);
  link_options how;
  how.url = lanes.data.url();
  persistence::link reader{how};
  reader.open();
  reader.run("begin isolation level repeatable read");
  reader.run("select count(*) from journal_1, ledger, node_lease, recipient_keys");
  lanes.write_waves(5);
  lanes.check();
}

TEST_CASE("a full disk holds appends until there is room", "[faults]") {
  temporary_directory directory;
  small_disk disk{directory.path()};
  if (!disk.mounted) {
    WARN("no right to mount a small file system: not run");
    return;
  }
  auto place = directory.path() / "space";
  ::mkdir(place.c_str(), 0700);
  struct stat owner {};
  ::stat(postgres().place().cluster.c_str(), &owner);
  REQUIRE(::chown(place.c_str(), owner.st_uid, owner.st_gid) == 0);
  auto filler = directory.path() / "filler";
  std::ofstream(filler) << std::string(2'500'000, 'x');
  {
    lane_world lanes;
    lanes.data.query("create tablespace small location '" + place.string() + "'");
    lanes.data.query("alter table journal_1 set tablespace small");
    lanes.start(lanes.data.url());
    auto large = rows_of(0, 1, 1000);
    for (auto& row : large.rows)
      row.body = fmt::format("{:01000}", row.sequence);
    std::thread helper{[&] {
      CHECK(lanes.health.await(journal_state::down));
      std::filesystem::remove(filler);
    }};
    auto written = lanes.world.write(lanes.journal, std::move(large));
    helper.join();
    REQUIRE(written);
    CHECK(lanes.health.last_detail(journal_state::down).find("could not extend file")
          != std::string::npos);
    CHECK(lanes.data.value("select count(*) from journal_1") == "1000");
    CHECK(lanes.health.await(journal_state::ok));
    lanes.data.query("alter table journal_1 set tablespace pg_default");
    lanes.data.query("drop tablespace small");
  }
}

TEST_CASE("a replay goes on behind a cut", "[faults]") {
  lane_world lanes;
  std::mt19937 random{3};
  int left = 8;
  cutting_proxy proxy{[&] {
    cut plan;
    if (left-- > 0)
      plan.after_received = 1000 + random() % 200'000;
    return plan;
  }};
  lanes.start(lanes.data.url());
  lanes.write_waves(1, 2000);
  caf::anon_send_exit(lanes.journal, caf::exit_reason::user_shutdown);
  lanes.start(proxy.url(lanes.data));
  auto got = lanes.world.replay(lanes.journal, 2);
  REQUIRE(got.rows.size() == 2000);
  for (std::size_t i = 0; i < got.rows.size(); ++i)
    REQUIRE(got.rows[i].sequence == i + 1);
  CHECK(got.end.next_sequence == 2001);
}

TEST_CASE("segments are rotated, settled and dropped, and numbers go on", "[faults]") {
  lane_world lanes;
  lanes.start(lanes.data.url());
  lanes.write_waves(2);
  link_options how;
  how.url = lanes.data.url();
  persistence::link by_hand{how};
  by_hand.open();
  std::array<std::uint64_t, partition_count> flushed{};
  flushed.fill(1000);
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(settle_segment(by_hand, 1, flushed), Contains("is not closed"));
  CHECK(rotate_segment(by_hand) == 2);
  lanes.write_waves(2); // the first batch may still go to the old one
  CHECK(lanes.data.value("select count(*) from journal_2") != "0");
  CHECK(lanes.world.replay(lanes.journal, 1).rows.size() == 8);
  CHECK_THROWS_WITH(drop_segment(by_hand, 1), Contains("is not settled"));
  CHECK_THROWS_WITH(settle_segment(by_hand, 1, flushed), Contains("read models are behind"));
  lanes.data.query("update projector_position set position = 1000");
  settle_segment(by_hand, 1, flushed);
  drop_segment(by_hand, 1);
  CHECK(segments(by_hand) == std::vector<int>{2});
  caf::anon_send_exit(lanes.journal, caf::exit_reason::user_shutdown);
  lanes.data.query("truncate journal_2");
  lanes.data.query("update lane_state set next_position = 33");
  lanes.start(lanes.data.url());
  CHECK(lanes.world.replay(lanes.journal, 1).end.next_sequence > 1);
  auto next = lanes.world.write(lanes.journal, rows_of(1, 9));
  REQUIRE(next);
  CHECK(next->last_position == 33);
}

TEST_CASE("a lane that was idle since its segment was closed goes on in the next one", "[faults]") {
  lane_world lanes;
  lanes.start(lanes.data.url());
  lanes.write_waves(1);
  link_options how;
  how.url = lanes.data.url();
  persistence::link by_hand{how};
  by_hand.open();
  rotate_segment(by_hand);
  lanes.data.query("update projector_position set position = 1000");
  std::array<std::uint64_t, partition_count> flushed{};
  flushed.fill(1000);
  settle_segment(by_hand, 1, flushed);
  lanes.write_waves(1);
  CHECK(lanes.data.value("select count(*) from journal_1") == "8");
  CHECK(lanes.data.value("select count(*) from journal_2") == "8");
  CHECK_FALSE(lanes.health.saw(journal_state::down));
  CHECK(lanes.world.replay(lanes.journal, 1).rows.size() == 2);
}
