#include "messages/fact_codec.hpp"
#include "messages/local.hpp"

#include "tests/persistence/backends.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

// Snapshots and settled segments, of every backend.

namespace {

using verb = tend_segments::verb;

const tenant_id tenant{"default"};

person who(const std::string& name) {
  return {tenant, recipient_id{name}};
}

timestamp ago(duration by) {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - by;
}

struct fixture {
  persistence_world world;
  std::unique_ptr<backend> under_test;

  fixture()
      : under_test(GENERATE(false, true) ? make_postgres_backend(world.system())
                                         : make_memory_backend(world.system())) {}

  appended write(append what) {
    auto written = world.write(under_test->journal, std::move(what));
    REQUIRE(written);
    return *written;
  }
  void project(append what) {
    world.await_projected(under_test->projector, write(std::move(what)).last_position);
  }
  void save(std::vector<snapshot> items) {
    auto answer
        = world.ask<snapshots_saved>(under_test->store, save_snapshots{{7}, std::move(items)});
    REQUIRE(answer);
  }
  std::vector<person_read> read(std::vector<person> people) {
    auto got = world.ask<snapshots_read>(under_test->store, read_snapshots{{7}, std::move(people)});
    REQUIRE(got);
    std::sort(got->items.begin(), got->items.end(),
              [](const auto& a, const auto& b) { return a.who.recipient < b.who.recipient; });
    return got->items;
  }
  segments_listed tend(verb what, std::int32_t segment = 0, std::uint64_t flushed = 1'000'000) {
    tend_segments how;
    how.what = what;
    how.segment = segment;
    how.flushed.fill(flushed);
    auto done = world.ask<segments_listed>(under_test->store, how);
    REQUIRE(done);
    return *done;
  }
  void settle(std::int32_t segment) {
    CHECK(tend(verb::settle, segment).refused == "");
  }
  std::vector<std::uint64_t> timeline(const notification_id& id) {
    auto facts = world.ask<facts_read>(under_test->store, read_facts{tenant, id});
    REQUIRE(facts);
    return sequences(facts->rows);
  }
  static std::vector<std::uint64_t> sequences(const std::vector<journal_row>& rows) {
    std::vector<std::uint64_t> result;
    for (const auto& row : rows)
      result.push_back(row.sequence);
    return result;
  }
  replayed_partition replay() {
    return world.replay(under_test->journal, 7);
  }
};

using numbers = std::vector<std::uint64_t>;

/// One fact, an hour old.
append one(std::uint64_t sequence, const notification_id& about, const fact& what,
           timestamp at = ago(1h)) {
  auto result = rows_of(7, sequence, 1, type_of(what));
  result.rows[0].notification = about;
  result.rows[0].recorded_at = at;
  result.rows[0].schema = schema_of(what);
  result.rows[0].body.clear();
  encode_fact(what, result.rows[0].body);
  return result;
}

append plan(std::uint64_t sequence, const notification_id& id, bool open, bool is_new = true) {
  notification_planned planned;
  planned.dedupe = make_hash("event", to_string(id));
  auto result = one(sequence, id, planned);
  auto line = line_of(id, open ? status::queued : status::delivered);
  line.open = open;
  line.updated_at = ago(1h);
  if (!is_new)
    line.created = nullptr;
  result.projections.push_back(line);
  return result;
}

append step(std::uint64_t sequence, const notification_id& id, bool open) {
  auto result = plan(sequence, id, open, false);
  result.rows[0].type = fact_type::attempt_succeeded;
  result.rows[0].body = "{}";
  return result;
}

/// Three days old, so that it is over before the segments of a test are closed.
notification_id old_id(std::uint64_t n) {
  static const auto made_at = ago(72h);
  return make_notification_id({7}, made_at, 1, n);
}

} // namespace

// -- snapshots
// -------------------------------------------------------------------------------------

TEST_CASE("a newer snapshot takes the place of an older one, and an older one never",
          "[semantics]") {
  fixture f;
  const std::string bytes("\0\xff\\", 3);
  f.save({{who("a"), 5, {"nurse", "it's \"x\\"}, bytes}, {who("b"), 5, {}, "b5"}});
  f.save({{who("b"), 4, {}, "b4"}, {who("a"), 6, {"doctor"}, std::string(50'000, '\x03')}});
  f.save({{who("b"), 5, {}, "other"}});
  auto got = f.read({who("a"), who("b"), who("c"), who(std::string("z\0", 2)), who("\xff")});
  REQUIRE(got.size() == 2);
  CHECK(got[0].sequence == 6);
  CHECK(got[0].body == std::string(50'000, '\x03'));
  CHECK(got[1].sequence == 5);
  CHECK(got[1].body == "b5");
  CHECK(got[1].wrapped.empty());
  f.save({{who("c"), 7, {"nurse", "it's \"x\\"}, bytes}});
  CHECK(f.read({who("c")})[0].body == bytes);
}

TEST_CASE("nobody asked for, nobody known", "[semantics]") {
  fixture f;
  CHECK(f.read({}).empty());
  CHECK(f.read({who("a")}).empty());
  f.save({{who("a"), 1, {}, "x"}});
  auto other = f.world.ask<snapshots_read>(f.under_test->store, read_snapshots{{8}, {who("a")}});
  REQUIRE(other);
  CHECK(other->items.empty());
}

TEST_CASE("who has a key or a snapshot is known once, with the snapshot's roles", "[semantics]") {
  fixture f;
  auto what = rows_of(7, 1, 1, fact_type::recipient_changed);
  for (const char* name : {"a", "b"})
    what.keys.push_back({{7}, tenant, recipient_id{name}, std::string("key ") + name});
  f.write(std::move(what));
  f.save({{who("b"), 1, {"nurse", "it's \"x\\"}, "b"}, {who("c"), 1, {}, "c"}});
  std::map<std::string, std::vector<std::string>> known;
  for (const auto& item : f.replay().people) {
    auto& roles = known[item.who.recipient.str()];
    roles.insert(roles.end(), item.roles.begin(), item.roles.end());
  }
  CHECK(known
        == std::map<std::string, std::vector<std::string>>{
            {"a", {}}, {"b", {"nurse", "it's \"x\\"}}, {"c", {}}});
  auto read = f.read({who("a"), who("b"), who("c")});
  REQUIRE(read.size() == 3);
  CHECK(read[0].wrapped == "key a");
  CHECK(read[0].sequence == 0);
  CHECK(read[1].wrapped == "key b");
  CHECK(read[1].body == "b");
}

// -- settling
// --------------------------------------------------------------------------------------

TEST_CASE("after settling a start reads events, what is open, and what came later", "[semantics]") {
  fixture f;
  f.write(plan(1, old_id(1), true));
  f.write(plan(2, old_id(2), false));
  f.write(rows_of(7, 3, 1, fact_type::consent_recorded));
  f.write(one(4, {}, request_claimed{make_hash("k"), make_hash("b")}));
  f.write(one(5, {}, request_claimed{make_hash("l"), make_hash("b")}, ago(25h)));
  f.project(step(6, old_id(1), true));
  f.tend(verb::rotate);
  f.project(step(7, old_id(1), true));
  f.settle(1);
  auto later = f.write(rows_of(7, 8)).last_position;
  auto got = f.replay();
  auto rows = f.sequences(got.rows);
  auto in_old = rows == numbers{8}; // the first batch behind a rotation may go to the old segment
  CHECK((in_old || rows == numbers{7, 8}));
  CHECK(f.sequences(got.carried) == (in_old ? numbers{1, 4, 6, 7} : numbers{1, 4, 6}));
  CHECK(got.rows.back().position == later);
  CHECK(got.end.next_sequence == 9);
  REQUIRE(got.events.size() == 2);
  CHECK(got.events[0].event == make_hash("event", to_string(old_id(1))));
  CHECK(got.events[1].first == old_id(2));
}

TEST_CASE("packed events come back as they were, oldest first, for seven days", "[semantics]") {
  fixture f;
  event_received kept;
  kept.dedupe = make_hash("kept");
  rescheduled moved;
  moved.dedupe = make_hash("moved");
  f.write(one(1, {}, kept, ago(2h)));
  f.write(one(2, id_of(7, 1), moved, ago(1h)));
  f.write(one(3, id_of(7, 1), rescheduled{}));
  f.project(rows_of(7, 4));
  f.tend(verb::rotate);
  f.settle(1);
  auto late = plan(5, old_id(3), false);
  late.rows[0].recorded_at = ago(8 * 24h);
  f.project(std::move(late));
  f.tend(verb::rotate);
  f.settle(2);
  auto got = f.replay().events;
  REQUIRE(got.size() >= 2);
  CHECK(got[0].event == kept.dedupe);
  CHECK(got[0].kept);
  CHECK(got[0].first.is_nil());
  CHECK(ago(2h) - got[0].at < 1min);
  CHECK(got[1].event == moved.dedupe);
  CHECK_FALSE(got[1].kept);
  CHECK(got[1].first == id_of(7, 1));
  CHECK(got.size() == 2);
}

TEST_CASE("an idempotency key is forgotten after a day, and what is over is not carried on",
          "[semantics]") {
  fixture f;
  f.write(one(1, {}, request_claimed{make_hash("k"), make_hash("b")}, ago(25h)));
  f.project(plan(2, old_id(1), true));
  f.tend(verb::rotate);
  f.settle(1);
  CHECK(f.sequences(f.replay().carried) == numbers{2});
  f.project(step(3, old_id(1), false));
  f.tend(verb::rotate);
  f.settle(2);
  auto got = f.replay();
  CHECK(got.carried.empty());
  CHECK(got.rows.empty());
  CHECK(got.end.next_sequence == 4);
  CHECK(f.timeline(old_id(1)) == numbers{2, 3});
}

TEST_CASE("settling is refused while something would be missed", "[semantics]") {
  fixture f;
  f.write(rows_of(7, 1, 2));
  f.write(rows_of(7, 3, 1, fact_type::consent_recorded));
  auto last = f.write(rows_of(7, 4)).last_position;
  f.world.await_projected(f.under_test->projector, last);
  CHECK(f.tend(verb::settle, 1).refused.find("not closed") != std::string::npos);
  CHECK(f.tend(verb::settle, 9).refused != "");
  f.tend(verb::rotate);
  f.tend(verb::rotate);
  CHECK(f.tend(verb::settle, 2).refused.find("before") != std::string::npos);
  CHECK(f.tend(verb::settle, 1, 3).refused.find("in no snapshot") != std::string::npos);
  CHECK(f.tend(verb::drop, 1).refused.find("not settled") != std::string::npos);
  CHECK(f.replay().rows.size() == 4);
  CHECK(f.tend(verb::settle, 1, 4).refused == "");
  CHECK(f.tend(verb::settle, 1, 4).refused.find("is settled") != std::string::npos);
  CHECK(f.replay().rows.empty());
}

TEST_CASE("the list of segments tells their rows and their ages", "[semantics]") {
  fixture f;
  CHECK(f.tend(verb::list).segments.size() == 1);
  f.project(rows_of(7, 1, 5));
  CHECK(f.tend(verb::list).segments[0].rows == 5);
  auto two = f.tend(verb::rotate).segments;
  REQUIRE(two.size() == 2);
  CHECK(two[0].closed_at != no_time);
  CHECK(two[0].settled_at == no_time);
  CHECK(two[0].rows == 5);
  CHECK(two[1].number == 2);
  CHECK(two[1].rows == 0);
  CHECK(two[1].created_at != no_time);
  CHECK(two[1].closed_at == no_time);
  f.settle(1);
  CHECK(f.tend(verb::list).segments[0].settled_at != no_time);
}

// -- dropping
// --------------------------------------------------------------------------------------

TEST_CASE("what is open outlives its segment, each fact once, and numbers go on", "[semantics]") {
  fixture f;
  auto large = plan(1, old_id(1), true);
  large.blobs.push_back({0, std::string(100'000, 'x')});
  f.write(std::move(large));
  f.project(plan(2, old_id(2), false));
  f.tend(verb::rotate);
  f.settle(1);
  CHECK(f.timeline(old_id(1)) == numbers{1});
  CHECK(f.tend(verb::drop, 1).refused == "");
  CHECK(f.tend(verb::list).segments.size() == 1);
  CHECK(f.timeline(old_id(1)) == numbers{1});
  CHECK(f.timeline(old_id(2)).empty());
  auto facts = f.world.ask<facts_read>(f.under_test->store, read_facts{tenant, old_id(1)});
  CHECK(facts->rows[0].sealed.size() == 100'000);
  f.under_test->restart();
  auto got = f.replay();
  CHECK(f.sequences(got.carried) == numbers{1});
  CHECK(got.end.next_sequence == 3);
  CHECK(f.write(step(3, old_id(1), true)).last_position == 3);
  CHECK(f.timeline(old_id(1)) == numbers{1, 3});
}

TEST_CASE("lines go with the last of their facts", "[semantics]") {
  fixture f;
  f.write(plan(1, old_id(1), true));
  f.project(plan(2, old_id(2), false));
  f.tend(verb::rotate);
  f.settle(1);
  f.tend(verb::drop, 1);
  auto end = step(3, old_id(1), false);
  end.projections[0].updated_at = ago(0s) + 1h; // after the first segment was closed
  f.project(std::move(end));
  f.tend(verb::rotate);
  f.settle(2);
  auto lines = [&] {
    list_notifications all;
    all.tenant = tenant;
    auto got = f.world.ask<answer>(f.under_test->store, all);
    REQUIRE(got);
    return std::pair{got->body.find(to_string(old_id(1))) != std::string::npos,
                     got->body.find(to_string(old_id(2))) != std::string::npos};
  };
  CHECK(lines() == std::pair{true, false});
  CHECK(f.replay().carried.empty());
  CHECK(f.timeline(old_id(1)) == numbers{1, 3}); // kept for as long as the line
}

TEST_CASE("what is open again keeps all its facts when a segment is dropped", "[semantics]") {
  fixture f;
  f.project(plan(1, old_id(1), false));
  f.tend(verb::rotate);
  f.settle(1);
  auto again = step(2, old_id(1), true);
  again.rows[0].type = fact_type::replayed;
  f.project(std::move(again));
  CHECK(f.tend(verb::drop, 1).refused == "");
  CHECK(f.timeline(old_id(1)) == numbers{1, 2});
  CHECK(f.replay().carried.empty()); // its owner reads it back
  CHECK(f.replay().rows.size() == 1);
}
