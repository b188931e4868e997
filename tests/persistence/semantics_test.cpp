#include "messages/errors.hpp"
#include "messages/local.hpp"

#include "tests/persistence/backends.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::test;

// What the engine relies on, of every backend.

namespace {

struct fixture {
  persistence_world world;
  std::unique_ptr<backend> under_test;

  explicit fixture(bool postgres)
      : under_test(postgres ? make_postgres_backend(world.system())
                            : make_memory_backend(world.system())) {}

  void write(append what) {
    auto written = world.write(under_test->journal, std::move(what));
    REQUIRE(written);
  }
};

bool is_postgres() {
  return GENERATE(false, true);
}

nlohmann::json list(fixture& f, const std::string& status = {}, const std::string& cursor = {},
                    std::uint32_t limit = 50) {
  list_notifications query;
  query.tenant = tenant_id{"default"};
  query.status = status;
  query.cursor = cursor;
  query.limit = limit;
  auto got = f.world.ask<answer>(f.under_test->store, query);
  REQUIRE(got);
  return nlohmann::json::parse(got->body);
}

std::size_t dead_letters(fixture& f) {
  list_dead_letters query;
  query.tenant = tenant_id{"default"};
  auto got = f.world.ask<answer>(f.under_test->store, query);
  REQUIRE(got);
  return nlohmann::json::parse(got->body)["items"].size();
}

} // namespace

TEST_CASE("what was appended comes back in order and whole", "[semantics]") {
  fixture f{is_postgres()};
  auto first = rows_of(7, 1, 2);
  first.rows[0].sealed = std::string("\0\x01sealed\xff", 9);
  first.rows[0].trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  first.rows[1].notification = {};
  auto second = rows_of(7, 3, 1, fact_type::preferences_changed);
  second.rows[0].body = R"({"recipient":"é"})";
  REQUIRE(f.world.write(f.under_test->journal, first));
  REQUIRE(f.world.write(f.under_test->journal, second));
  auto got = f.world.replay(f.under_test->journal, 7);
  REQUIRE(got.rows.size() == 3);
  CHECK(got.end.next_sequence == 4);
  CHECK(got.rows[0].sealed == first.rows[0].sealed);
  CHECK(got.rows[0].trace == first.rows[0].trace);
  CHECK(got.rows[0].notification == first.rows[0].notification);
  CHECK(got.rows[0].recorded_at == first.rows[0].recorded_at);
  CHECK(got.rows[0].tenant.str() == "default");
  CHECK(got.rows[1].notification.is_nil());
  CHECK(got.rows[2].body == second.rows[0].body);
  CHECK(got.rows[2].type == fact_type::preferences_changed);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(got.rows[i].sequence == i + 1);
}

TEST_CASE("large content comes back with its fact, and a replay leaves it alone", "[semantics]") {
  fixture f{is_postgres()};
  auto what = rows_of(7, 1, 3);
  for (auto& row : what.rows)
    row.notification = id_of(7, 1);
  what.rows[0].sealed = "small";
  what.blobs.push_back({1, std::string(300'000, '\x07')});
  auto large = what.blobs.front().sealed;
  f.write(std::move(what));
  auto story
      = f.world.ask<facts_read>(f.under_test->store, read_facts{tenant_id{"default"}, id_of(7, 1)});
  REQUIRE(story);
  REQUIRE(story->rows.size() == 3);
  CHECK(story->rows[0].sealed == "small");
  CHECK(story->rows[1].sealed == large);
  CHECK(story->rows[2].sealed.empty());
  auto replayed = f.world.replay(f.under_test->journal, 7);
  REQUIRE(replayed.rows.size() == 3);
  CHECK(replayed.rows[1].sealed.empty());
}

TEST_CASE("positions are dense over partitions, journal and ledger", "[semantics]") {
  fixture f{is_postgres()};
  auto answers = f.world.write_all(f.under_test->journal,
                                   {rows_of(1, 1, 2), rows_of(2, 1, 1, fact_type::consent_recorded),
                                    rows_of(1, 3, 3), rows_of(3, 1, 1),
                                    rows_of(2, 2, 1, fact_type::recipient_changed)});
  std::vector<std::uint64_t> ends;
  for (auto& answer : answers) {
    REQUIRE(answer);
    ends.push_back(answer->last_position);
  }
  CHECK(ends == std::vector<std::uint64_t>{2, 3, 6, 7, 8});
  CHECK(answers[2]->last_sequence == 5);
}

TEST_CASE("a restart continues sequences and positions", "[semantics]") {
  fixture f{is_postgres()};
  REQUIRE(f.world.write(f.under_test->journal, rows_of(7, 1, 3)));
  f.under_test->restart();
  auto got = f.world.replay(f.under_test->journal, 7);
  CHECK(got.rows.size() == 3);
  CHECK(got.end.next_sequence == 4);
  auto next = f.world.write(f.under_test->journal, rows_of(7, 4));
  REQUIRE(next);
  CHECK(next->last_position == 4);
}

TEST_CASE("an empty partition replays as nothing and begins at one", "[semantics]") {
  fixture f{is_postgres()};
  REQUIRE(f.world.write(f.under_test->journal, rows_of(8, 1)));
  auto got = f.world.replay(f.under_test->journal, 7);
  CHECK(got.rows.empty());
  CHECK(got.people.empty());
  CHECK(got.events.empty());
  CHECK(got.carried.empty());
  CHECK(got.end.next_sequence == 1);
}

TEST_CASE("rows that cannot be stored are refused alone, until the partition loads",
          "[semantics]") {
  fixture f{is_postgres()};
  auto bad = rows_of(7, 2, 2);
  bad.rows[1].body = std::string("a\0b", 3);
  auto answers
      = f.world.write_all(f.under_test->journal, {rows_of(7, 1), rows_of(9, 1), std::move(bad),
                                                  rows_of(7, 4), rows_of(9, 2)});
  CHECK(answers[0]);
  CHECK(answers[1]);
  REQUIRE_FALSE(answers[2]);
  CHECK(code_of(answers[2].error()) == errc::rejected_row);
  REQUIRE_FALSE(answers[3]);
  CHECK(code_of(answers[3].error()) == errc::rejected_row);
  CHECK(answers[4]);
  CHECK_FALSE(f.world.write(f.under_test->journal, rows_of(7, 2)));
  auto got = f.world.replay(f.under_test->journal, 7);
  CHECK(got.rows.size() == 1);
  auto again = f.world.write(f.under_test->journal, rows_of(7, 2));
  REQUIRE(again);
  CHECK(again->last_position == 4);
}

TEST_CASE("who has a key is known until it is dropped", "[semantics]") {
  fixture f{is_postgres()};
  auto add = [&](std::uint64_t sequence, const char* who, std::string wrapped) {
    auto what = rows_of(7, sequence, 1, fact_type::recipient_changed);
    what.keys.push_back({{7}, tenant_id{"default"}, recipient_id{who}, std::move(wrapped)});
    f.write(std::move(what));
  };
  add(1, "p-1", "k1");
  add(2, "p-2", "k2");
  add(3, "p-1", "");
  auto got = f.world.replay(f.under_test->journal, 7);
  REQUIRE(got.people.size() == 1);
  CHECK(got.people[0].who == person{tenant_id{"default"}, recipient_id{"p-2"}});
  CHECK(got.rows.size() == 3);
  add(4, "p-1", "k3");
  CHECK(f.world.replay(f.under_test->journal, 7).people.size() == 2);
}

TEST_CASE("a key made and dropped and made in one batch is the last one", "[semantics]") {
  fixture f{is_postgres()};
  std::vector<append> all;
  const char* words[] = {"a", "", "b"};
  for (std::uint64_t i = 0; i < 3; ++i) {
    all.push_back(rows_of(7, i + 1, 1, fact_type::recipient_changed));
    all.back().keys.push_back({{7}, tenant_id{"t"}, recipient_id{"it's"}, words[i]});
  }
  for (auto& answer : f.world.write_all(f.under_test->journal, std::move(all)))
    CHECK(answer);
  auto got = f.world.ask<snapshots_read>(
      f.under_test->store, read_snapshots{{7}, {{tenant_id{"t"}, recipient_id{"it's"}}}});
  REQUIRE(got);
  REQUIRE(got->items.size() == 1);
  CHECK(got->items[0].wrapped == "b");
}

TEST_CASE("one partition replays while others append", "[semantics]") {
  fixture f{is_postgres()};
  std::vector<append> all;
  for (std::uint64_t i = 0; i < 2000; ++i)
    all.push_back(rows_of(static_cast<std::uint8_t>(i % 4), i / 4 + 1));
  for (auto& answer : f.world.write_all(f.under_test->journal, std::move(all)))
    REQUIRE(answer);
  for (std::uint64_t i = 500; i < 600; ++i)
    caf::anon_send(f.under_test->journal, rows_of(1, i + 1));
  auto got = f.world.replay(f.under_test->journal, 2);
  CHECK(got.rows.size() == 500);
  CHECK(f.world.ask<drained>(f.under_test->journal, drain{}));
  CHECK(f.world.replay(f.under_test->journal, 1).rows.size() == 600);
}

TEST_CASE("the timeline of a notification comes from journal and ledger", "[semantics]") {
  fixture f{is_postgres()};
  REQUIRE(f.world.write(f.under_test->journal, rows_of(7, 1, 2)));
  REQUIRE(f.world.write(f.under_test->journal, rows_of(7, 3, 1, fact_type::consent_recorded)));
  auto facts
      = f.world.ask<facts_read>(f.under_test->store, read_facts{tenant_id{"default"}, id_of(7, 1)});
  REQUIRE(facts);
  REQUIRE(facts->rows.size() == 3);
  CHECK(facts->rows[2].sequence == 3);
  auto others
      = f.world.ask<facts_read>(f.under_test->store, read_facts{tenant_id{"other"}, id_of(7, 1)});
  REQUIRE(others);
  CHECK(others->rows.empty());
}

TEST_CASE("many notifications asked for at once each get their own rows", "[semantics]") {
  fixture f{is_postgres()};
  auto what = rows_of(7, 1, 300);
  for (std::uint64_t n = 0; n < 300; ++n)
    what.rows[n].notification = id_of(7, n / 2); // two rows each
  f.write(std::move(what));
  std::vector<read_facts> questions;
  for (std::uint64_t n = 0; n < 400; ++n) // the last ones are unknown, and each is asked for twice
    questions.push_back({tenant_id{n % 5 == 0 ? "other" : "default"}, id_of(7, n / 2)});
  auto answers = f.world.ask_all<facts_read>(f.under_test->store, questions);
  REQUIRE(answers.size() == questions.size());
  for (std::uint64_t n = 0; n < 400; ++n) {
    REQUIRE(answers[n]);
    auto known = n < 300 && n % 5 != 0;
    REQUIRE(answers[n]->rows.size() == (known ? 2 : 0));
    if (known)
      CHECK(answers[n]->rows[0].sequence == n / 2 * 2 + 1);
  }
}

TEST_CASE("projections become lines of lists, newest first, page by page", "[semantics]") {
  fixture f{is_postgres()};
  auto what = rows_of(7, 1, 5);
  for (std::uint64_t n = 0; n < 5; ++n)
    what.projections.push_back(
        line_of(id_of(7, n, 1'795'424'400 + static_cast<std::int64_t>(n)), status::queued));
  auto done = f.world.write(f.under_test->journal, std::move(what));
  REQUIRE(done);
  f.world.await_projected(f.under_test->projector, done->last_position);
  auto page = list(f, "", "", 2);
  REQUIRE(page["items"].size() == 2);
  CHECK(page["items"][0]["id"] == to_string(id_of(7, 4, 1'795'424'404)));
  CHECK(page["items"][0]["status"] == "queued");
  CHECK(page["items"][0]["channel"] == "sms");
  CHECK(page["items"][0]["created_at"] == "2026-11-23T09:00:04.000Z");
  CHECK(page["items"][0]["send_at"].is_null());
  auto rest = list(f, "", page["next_cursor"], 10);
  CHECK(rest["items"].size() == 3);
  CHECK(rest["next_cursor"].is_null());
  CHECK(list(f, "sent")["items"].empty());
}

TEST_CASE("a later projection changes the line, and words that mean nothing are refused",
          "[semantics]") {
  fixture f{is_postgres()};
  auto what = rows_of(7, 1);
  what.projections.push_back(line_of(id_of(7, 1), status::queued));
  f.write(std::move(what));
  f.world.await_projected(f.under_test->projector, 1);
  auto change = line_of(id_of(7, 1), status::delivered);
  change.created = nullptr;
  auto next = rows_of(7, 2);
  next.projections.push_back(change);
  f.write(std::move(next));
  f.world.await_projected(f.under_test->projector, 2);
  CHECK(list(f, "delivered")["items"].size() == 1);
  CHECK(list(f)["items"].size() == 1);
  list_notifications query;
  query.status = "nonsense";
  auto refused = f.world.ask<answer>(f.under_test->store, query);
  REQUIRE(refused);
  CHECK(refused->what == answer::kind::invalid);
}

TEST_CASE("dead letters are listed until they are replayed or discarded", "[semantics]") {
  fixture f{is_postgres()};
  auto what = rows_of(7, 1, 3);
  what.projections
      = {line_of(id_of(7, 1), status::dead_lettered), line_of(id_of(7, 2), status::dead_lettered),
         line_of(id_of(7, 3), status::sent)};
  f.write(std::move(what));
  f.world.await_projected(f.under_test->projector, 3);
  CHECK(dead_letters(f) == 2);
  auto replayed = line_of(id_of(7, 1), status::queued);
  replayed.created = nullptr;
  auto discarded = line_of(id_of(7, 2), status::dead_lettered);
  discarded.created = nullptr;
  discarded.why = reason::discarded;
  auto next = rows_of(7, 4, 2);
  next.projections = {replayed, discarded};
  f.write(std::move(next));
  f.world.await_projected(f.under_test->projector, 5);
  CHECK(dead_letters(f) == 0);
}

TEST_CASE("an append without rows brings projections only", "[semantics]") {
  fixture f{is_postgres()};
  REQUIRE(f.world.write(f.under_test->journal, rows_of(7, 1)));
  append missed;
  missed.partition = {7};
  missed.projections.push_back(line_of(id_of(7, 1), status::sent));
  auto done = f.world.write(f.under_test->journal, std::move(missed));
  REQUIRE(done);
  CHECK(done->last_sequence == 0);
  CHECK(done->last_position == 0);
  f.world.await_projected(f.under_test->projector, 1);
  CHECK(list(f)["items"].size() == 1);
}

TEST_CASE("an event is found by its hash in its partition", "[semantics]") {
  fixture f{is_postgres()};
  auto what = rows_of(7, 1);
  what.projections.push_back(line_of(id_of(7, 1), status::sent));
  f.write(std::move(what));
  f.world.await_projected(f.under_test->projector, 1);
  find_event query{{7}, tenant_id{"default"}, make_hash("source", to_string(id_of(7, 1)))};
  auto found = f.world.ask<event_found>(f.under_test->store, query);
  REQUIRE(found);
  CHECK(found->ids == std::vector<notification_id>{id_of(7, 1)});
  query.partition = {8};
  CHECK(f.world.ask<event_found>(f.under_test->store, query)->ids.empty());
  query.partition = {7};
  query.dedupe = make_hash("source", "another");
  CHECK(f.world.ask<event_found>(f.under_test->store, query)->ids.empty());
}

TEST_CASE("replay tells what the read models hold", "[semantics]") {
  fixture f{is_postgres()};
  REQUIRE(f.world.write(f.under_test->journal, rows_of(7, 1, 4)));
  f.world.await_projected(f.under_test->projector, 4);
  f.under_test->restart();
  CHECK(f.world.replay(f.under_test->journal, 7).end.projected_position == 4);
}

TEST_CASE("the catalogue keeps every version under one number per tenant", "[semantics]") {
  fixture f{is_postgres()};
  save_catalogue save;
  save.tenant = tenant_id{"default"};
  save.rows.push_back({save.tenant, catalogue_kind::rule, "welcome", 1, template_state::active,
                       R"({"event":"a'b"})", true, 0});
  save.imported = {{"rules/welcome.json", "abc"}};
  auto first = f.world.ask<catalogue_saved>(f.under_test->store, save);
  REQUIRE(first);
  CHECK(first->version == 1);
  save.rows[0].version = 2;
  save.rows[0].body.clear();
  save.rows[0].from_file = false;
  save.imported[0].second = "def";
  CHECK(f.world.ask<catalogue_saved>(f.under_test->store, save)->version == 2);
  save.tenant = tenant_id{"other"};
  save.imported.clear();
  CHECK(f.world.ask<catalogue_saved>(f.under_test->store, save)->version == 1);
  f.under_test->restart();
  auto all = f.world.ask<catalogue_rows>(f.under_test->store, load_catalogue{});
  REQUIRE(all);
  REQUIRE(all->rows.size() == 3);
  CHECK(all->rows[0].body == R"({"event":"a'b"})");
  CHECK(all->rows[0].from_file);
  CHECK(all->rows[1].catalogue_version == 2);
  REQUIRE(all->imported.size() == 1);
  CHECK(all->imported[0].second == "def");
}
