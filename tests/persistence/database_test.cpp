#include "persistence/postgres/database.hpp"

#include "messages/facts.hpp"

#include "persistence/postgres/embedded_sql.hpp"
#include "persistence/postgres/projector.hpp"
#include "tests/persistence/backends.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <csignal>
#include <thread>

using namespace carillon;
using namespace carillon::persistence;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

database_options options_for(const database& data) {
  database_options options;
  options.url = data.url();
  options.lanes = 4;
  options.key_fingerprint = "0123456789abcdef";
  options.patience = 5s;
  return options;
}

} // namespace

TEST_CASE("a new database gets every migration once, also from two daemons at a time") {
  database data;
  fallible<opened_database> other{failure{failure_kind::query, ""}};
  std::thread second{[&] { other = open_database(options_for(data)); }};
  auto first = open_database(options_for(data));
  second.join();
  CHECK((first || other));
  REQUIRE(open_database(options_for(data)));
  CHECK(data.value("select count(*) from schema_migrations")
        == std::to_string(embedded_migrations().size()));
}

TEST_CASE("the number of lanes is fixed when the database is made") {
  database data;
  auto made = open_database(options_for(data));
  REQUIRE(made);
  CHECK(made->fresh);
  auto options = options_for(data);
  options.lanes = 8;
  auto again = open_database(options);
  REQUIRE(again);
  CHECK_FALSE(again->fresh);
  CHECK(again->lanes == 4);
  CHECK(data.value("select count(*) from projector_position") == "4");
}

TEST_CASE("a database newer than the binary is refused in one line") {
  database data;
  REQUIRE(open_database(options_for(data)));
  data.query("insert into schema_migrations (number, name, checksum) values (99, 'later', 'x')");
  auto refused = open_database(options_for(data));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == failure_kind::database_newer);
  CHECK(refused.error().text.find("newer than this binary") != std::string::npos);
}

TEST_CASE("a migration that was changed after it was applied is refused") {
  database data;
  REQUIRE(open_database(options_for(data)));
  data.query("update schema_migrations set checksum = 'x' where number = 1");
  auto refused = open_database(options_for(data));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == failure_kind::migration);
}

TEST_CASE("a number that means something else in the database is refused") {
  database data;
  REQUIRE(open_database(options_for(data)));
  data.query("update codes set name = 'something_else' where kind = 'fact' and code = 3");
  auto refused = open_database(options_for(data));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == failure_kind::database_newer);
  CHECK(refused.error().text.find("something_else") != std::string::npos);
}

TEST_CASE("another master key is refused") {
  database data;
  REQUIRE(open_database(options_for(data)));
  auto options = options_for(data);
  options.key_fingerprint = "another";
  auto refused = open_database(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == failure_kind::key);
}

TEST_CASE("a database that cannot be reached is an error after the patience") {
  database_options options;
  options.url = "host=/nonexistent user=nobody dbname=nothing";
  options.patience = 300ms;
  auto refused = open_database(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == failure_kind::unreachable);
  CHECK(refused.error().text.find('\n') == std::string::npos);
}

TEST_CASE("the check on statuses in the read model knows exactly the statuses there are") {
  database data;
  REQUIRE(open_database(options_for(data)));
  auto insert = [&](std::size_t code) {
    data.query(
        "insert into notifications values (gen_random_uuid(), 0, now(), now(), null, null, 0, "
        "0, "
        + std::to_string(code) + ", null, 0, 't', 'r', 'e', 'n')");
  };
  for (std::size_t code = 0; code < enum_count<status>; ++code)
    CHECK_NOTHROW(insert(code));
  CHECK_THROWS(insert(enum_count<status>));
}

TEST_CASE("read models lose nothing when the server dies after they were acknowledged") {
  database data;
  auto options = options_for(data);
  options.lanes = 1;
  REQUIRE(open_database(options));
  persistence_world world;
  projector_options how;
  how.url = data.url();
  how.fold_for = 5ms;
  auto projector = world.system().spawn<caf::detached>(persistence::projector, how);
  auto project = [&](std::uint64_t n) {
    auto batch = std::make_shared<committed_batch>();
    batch->last_position = n;
    batch->projections.push_back(line_of(id_of(7, n), status::sent));
    caf::anon_send(projector, std::shared_ptr<const committed_batch>{batch});
    world.await_projected(projector, n);
  };
  project(1);
  project(2);
  postgres().kill(SIGKILL);
  project(3);
  auto held = [&] {
    try {
      return data.value("select count(*) from notifications") == "3"
             && data.value("select position from projector_position") == "3";
    } catch (const std::exception&) {
      return false; // the server is starting
    }
  };
  auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!held() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(held());
  caf::anon_send_exit(projector, caf::exit_reason::user_shutdown);
}

TEST_CASE("a line that no database would take does not stop the others") {
  database data;
  auto options = options_for(data);
  options.lanes = 1;
  REQUIRE(open_database(options));
  projection_writer writer{data.url(), 0};
  fold what;
  what.position = 9;
  for (std::uint64_t n = 1; n <= 9; ++n)
    what.add(line_of(id_of(7, n), status::sent, n == 5 ? "bad\xff" : "good"));
  writer.write(what);
  CHECK(data.value("select count(*) from notifications") == "8");
  CHECK(data.value("select position from projector_position") == "9");
}

TEST_CASE("a projector whose lease is another's changes nothing any more") {
  database data;
  auto options = options_for(data);
  options.lanes = 1;
  REQUIRE(open_database(options));
  data.query("insert into node_lease values ('main', 1, now(), 'test')");
  projection_writer writer{data.url(), 0, {"main", 1}};
  fold early;
  early.position = 1;
  early.add(line_of(id_of(7, 1), status::sent));
  writer.write(early);
  data.query("update node_lease set epoch = 2");
  fold late;
  late.position = 2;
  late.add(line_of(id_of(7, 1), status::delivered));
  CHECK_THROWS_WITH(writer.write(late), "another node has taken the lease");
  CHECK(data.value("select position from projector_position") == "1");
}
