#include "persistence/postgres/lease.hpp"

#include "persistence/postgres/database.hpp"
#include "persistence/postgres/link.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::persistence;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

lease_options options_for(const database& data, std::chrono::milliseconds ttl = 8s) {
  lease_options options;
  options.url = data.url();
  options.holder = "test";
  options.ttl = ttl;
  options.renew_every = 50ms;
  options.view = std::make_shared<lease_view>();
  return options;
}

void make(const database& data) {
  database_options options;
  options.url = data.url();
  REQUIRE(open_database(options));
}

// Another daemon: holds the lease in a process of its own and ends with 5 when it is fenced.
pid_t holder_of(const database& data, std::chrono::milliseconds ttl) {
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  auto options = options_for(data, ttl);
  pid_t child = ::fork();
  if (child == 0) {
    options.on_fenced = [] { ::_exit(5); };
    lease_keeper keeper{options};
    auto epoch = keeper.acquire({}, {});
    keeper.start();
    char answer = epoch ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) == 1)
      ::pause();
    ::_exit(1);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  ::close(ready[0]);
  ::close(ready[1]);
  return child;
}

auto give_up_after(std::chrono::seconds time) {
  return [deadline = std::chrono::steady_clock::now() + time] {
    return std::chrono::steady_clock::now() > deadline;
  };
}

} // namespace

TEST_CASE("the second node waits and takes over as soon as the first gives the lease back") {
  database data;
  make(data);
  auto options = options_for(data);
  auto first = std::make_unique<lease_keeper>(options);
  auto epoch = first->acquire({}, give_up_after(5s));
  REQUIRE(epoch);
  first->start();
  CHECK(options.view->outlives(5s));
  lease_keeper second{options_for(data)};
  std::atomic<bool> stood_by{false};
  std::thread waiting{[&] {
    auto next = second.acquire([&] { stood_by = true; }, give_up_after(20s));
    CHECK(next);
    if (next)
      CHECK(*next == *epoch + 1);
  }};
  while (!stood_by)
    std::this_thread::yield();
  first.reset();
  CHECK_FALSE(options.view->outlives(0s));
  waiting.join();
}

TEST_CASE("a dead node is replaced at once, not after the term") {
  database data;
  make(data);
  auto holder = holder_of(data, 60s);
  lease_keeper next{options_for(data)};
  CHECK_FALSE(next.acquire({}, [] { return true; }));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  CHECK(next.acquire({}, give_up_after(5s)));
}

TEST_CASE("a paused node loses the lease after its term and is told so when it wakes") {
  database data;
  make(data);
  auto holder = holder_of(data, 1s);
  ::kill(holder, SIGSTOP);
  lease_keeper next{options_for(data)};
  CHECK(next.acquire({}, give_up_after(20s)));
  ::kill(holder, SIGCONT);
  int status = 0;
  ::waitpid(holder, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 5);
}

TEST_CASE("an owner paused in the middle of a copy cannot keep its successor out") {
  database data;
  make(data);
  data.query("insert into node_lease values ('main', 1, now(), 'paused')");
  link_options how;
  how.url = data.url();
  how.name = "carillon lane 0";
  persistence::link paused{how};
  paused.open();
  paused.send(
      "begin; select 1 from node_lease where node = 'main' and epoch = 1 for key share; copy "
      "journal_1 from stdin (format binary); commit");
  while (auto answer = paused.next())
    if (answer.wants_copy())
      break;
  lease_keeper next{options_for(data)};
  auto epoch = next.acquire({}, give_up_after(20s));
  REQUIRE(epoch);
  CHECK(*epoch == 2);
}

TEST_CASE("a renewal survives the loss of its connection") {
  database data;
  make(data);
  std::atomic<bool> fenced{false};
  auto options = options_for(data, 3s);
  options.on_fenced = [&] { fenced = true; };
  lease_keeper keeper{options};
  REQUIRE(keeper.acquire({}, give_up_after(5s)));
  keeper.start();
  data.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
             "'carillon lease' and datname = current_database()");
  auto before = data.value("select expires_at from node_lease");
  auto deadline = std::chrono::steady_clock::now() + 10s;
  while (data.value("select expires_at from node_lease") == before
         && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(data.value("select expires_at from node_lease") != before);
  CHECK(data.value("select count(*) from pg_locks where locktype = 'advisory' and database = "
                   "(select oid from pg_database where datname = current_database())")
        == "1");
  CHECK_FALSE(fenced);
}

TEST_CASE("a holder that only loses its connection keeps the lease beside a waiting node") {
  database data;
  make(data);
  std::atomic<bool> fenced{false};
  auto options = options_for(data);
  options.holder = "first";
  options.on_fenced = [&] { fenced = true; };
  lease_keeper first{options};
  auto epoch = first.acquire({}, give_up_after(5s));
  REQUIRE(epoch);
  first.start();
  lease_keeper second{options_for(data)};
  std::string seen;
  bool cut = false;
  auto cut_once = [&] {
    seen = second.holder();
    if (!std::exchange(cut, true))
      data.query("select pg_terminate_backend(l.pid) from pg_locks l, pg_stat_activity a where "
                 "a.pid = l.pid and locktype = 'advisory' and a.datname = current_database()");
  };
  CHECK_FALSE(second.acquire(cut_once, give_up_after(2s)));
  CHECK(seen == "first");
  CHECK_FALSE(fenced);
  CHECK(data.value("select epoch from node_lease") == std::to_string(*epoch));
}
