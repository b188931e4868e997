#include "persistence/embedded/leftovers.hpp"
#include "persistence/embedded/server.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <catch2/catch.hpp>
#include <libpq-fe.h>

#include <csignal>
#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::persistence;
using namespace std::chrono_literals;

namespace {

embedded_options options_for(const std::filesystem::path& directory) {
  embedded_options options;
  options.data_dir = directory;
  options.throw_away = true;
  return options;
}

std::string ask(const embedded_server& server, const char* sql) {
  PGconn* connection = PQconnectdb(server.url().c_str());
  PGresult* result = PQexec(connection, sql);
  std::string answer
      = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : PQresultErrorMessage(result);
  PQclear(result);
  PQfinish(connection);
  return answer;
}

template <class Condition>
bool eventually(Condition condition) {
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// A daemon that starts a server, says so on a pipe, and then lives until it is killed.
pid_t daemon_in(const std::filesystem::path& directory, int ready) {
  pid_t child = ::fork();
  if (child != 0)
    return child;
  auto started = embedded_server::start(options_for(directory));
  char answer = started ? 'y' : 'n';
  if (::write(ready, &answer, 1) == 1)
    ::pause();
  ::_exit(1);
}

} // namespace

TEST_CASE("an embedded server serves on a Unix socket only, durably, and keeps its data") {
  test::temporary_directory directory;
  {
    auto started = embedded_server::start(options_for(directory.path()));
    REQUIRE(started);
    auto& server = **started;
    CHECK(ask(server, "show listen_addresses").empty());
    CHECK(ask(server, "show fsync") == "on");
    CHECK(ask(server, "show synchronous_commit") == "on");
    ask(server, "create table kept as select 42 as answer");
  }
  CHECK(server_processes(directory.path() / "postgres/data").empty());
  auto again = embedded_server::start(options_for(directory.path()));
  REQUIRE(again);
  CHECK(ask(**again, "select answer from kept") == "42");
}

TEST_CASE("a second daemon on the same data directory is refused") {
  test::temporary_directory directory;
  auto first = embedded_server::start(options_for(directory.path()));
  REQUIRE(first);
  auto second = embedded_server::start(options_for(directory.path()));
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == failure_kind::locked);
  CHECK(second.error().text.find("in use by another daemon") != std::string::npos);
  CHECK(ask(**first, "select 1") == "1");
}

TEST_CASE("a server that dies is started again") {
  test::temporary_directory directory;
  auto started = embedded_server::start(options_for(directory.path()));
  REQUIRE(started);
  auto& server = **started;
  for (int signal : {SIGKILL, SIGQUIT}) {
    auto before = server.pid();
    server.kill(signal);
    REQUIRE(eventually([&] { return server.pid() != before && server.pid() > 0; }));
    REQUIRE(server.await_ready(30s));
    CHECK(ask(server, "select 1") == "1");
  }
}

TEST_CASE("a killed daemon leaves no server behind, and the next one starts at once") {
  test::temporary_directory directory;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  auto killed = daemon_in(directory.path(), ready[1]);
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  ::kill(killed, SIGKILL);
  ::waitpid(killed, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  auto cluster = directory.path() / "postgres/data";
  SECTION("the server ends by itself") {
    CHECK(eventually([&] { return server_processes(cluster).empty(); }));
  }
  SECTION("a restart waits for it") {
    auto next = embedded_server::start(options_for(directory.path()));
    REQUIRE(next);
    CHECK(ask(**next, "select 1") == "1");
  }
}

TEST_CASE("a pid file that names a stranger does not keep the server from starting") {
  test::temporary_directory directory;
  REQUIRE(embedded_server::start(options_for(directory.path())));
  std::ofstream(directory.path() / "postgres/data/postmaster.pid")
      << ::getpid() << "\n"
      << (directory.path() / "postgres/data").string() << "\n0\n5432\n\n\n";
  auto started = embedded_server::start(options_for(directory.path()));
  REQUIRE(started);
  CHECK(ask(**started, "select 1") == "1");
}

TEST_CASE("a socket path that would be too long is shortened, and it is said") {
  test::temporary_directory directory;
  auto deep = directory.path() / std::string(100, 'd');
  std::string said;
  auto options = options_for(deep);
  options.log = [&said](std::string_view line) { said += line; };
  auto started = embedded_server::start(std::move(options));
  REQUIRE(started);
  CHECK(said.find("would be too long") != std::string::npos);
  CHECK(ask(**started, "select 1") == "1");
  auto socket = (**started).place().socket;
  (**started).stop();
  CHECK_FALSE(std::filesystem::exists(socket));
}

TEST_CASE("as root, a data directory that PostgreSQL's user cannot reach moves the data") {
  if (::geteuid() != 0)
    return;
  test::temporary_directory directory;
  ::chmod(directory.path().c_str(), 0700);
  std::filesystem::path moved;
  {
    auto started = embedded_server::start(options_for(directory.path()));
    REQUIRE(started);
    moved = (**started).place().root;
    CHECK(moved.string().find("/var/lib/carillon/") == 0);
    ask(**started, "create table kept as select 42 as answer");
  }
  {
    auto again = embedded_server::start(options_for(directory.path()));
    REQUIRE(again);
    CHECK((**again).place().root == moved);
    CHECK(ask(**again, "select answer from kept") == "42");
  }
  std::filesystem::remove_all(moved);
}

TEST_CASE("a server that cannot start says why in one line") {
  test::temporary_directory directory;
  auto options = options_for(directory.path());
  options.settings = {{"shared_buffers", "nonsense"}};
  auto started = embedded_server::start(std::move(options));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == failure_kind::start);
  CHECK(started.error().text.find("nonsense") != std::string::npos);
  CHECK(started.error().text.find('\n') == std::string::npos);
}

TEST_CASE("PostgreSQL that is not installed is one clear error") {
  test::temporary_directory directory;
  auto options = options_for(directory.path());
  options.programs = directory.path();
  auto started = embedded_server::start(std::move(options));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == failure_kind::no_program);
}
