#include "persistence/embedded/server.hpp"

#include "persistence/embedded/keeper.hpp"
#include "persistence/embedded/leftovers.hpp"
#include "persistence/embedded/settings.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <unistd.h>

namespace carillon::persistence {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

constexpr std::uintmax_t largest_log = 16 << 20;

bool has_programs(const fs::path& directory) {
  return ::access((directory / "postgres").c_str(), X_OK) == 0
         && ::access((directory / "initdb").c_str(), X_OK) == 0;
}

attempt remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error)
    return failure{failure_kind::file,
                   fmt::format("cannot remove {}: {}", path.string(), error.message())};
  return done{};
}

// Made beside and renamed when complete: a kill in the middle leaves nothing half made.
attempt make_cluster(const embedded_options& options, const layout& place, const account& who) {
  if (fs::exists(place.cluster / "PG_VERSION"))
    return done{};
  auto fresh = place.root / "data.new";
  if (!await_leftovers(fresh, 5s))
    return failure{failure_kind::initialise, "an earlier initdb does not end"};
  if (auto removed = remove_tree(fresh); !removed)
    return removed;
  if (options.log)
    options.log(fmt::format("making the database in {}", place.cluster.string()));
  program initdb;
  initdb.command = initialise_command(options.programs, fresh, options.throw_away);
  initdb.directory = place.root;
  initdb.output = place.root / "initdb.log";
  initdb.death_signal = SIGTERM;
  auto child = spawn_as(who, initdb);
  if (child < 0 || wait_for(child) != 0)
    return failure{failure_kind::initialise, "initdb failed: " + last_line_of(initdb.output)};
  if (::rename(fresh.c_str(), place.cluster.c_str()) != 0)
    return failure{failure_kind::file,
                   fmt::format("cannot rename {}: {}", fresh.string(), std::strerror(errno))};
  return done{};
}

void limit_log(const layout& place) {
  std::error_code error;
  auto size = fs::file_size(place.log, error);
  if (!error && size > largest_log)
    fs::rename(place.log, place.log.string() + ".1", error);
}

attempt make_database(const std::string& url) {
  struct closer {
    void operator()(PGconn* c) const {
      PQfinish(c);
    }
    void operator()(PGresult* r) const {
      PQclear(r);
    }
  };
  std::unique_ptr<PGconn, closer> connection{PQconnectdb(url.c_str())};
  if (PQstatus(connection.get()) != CONNECTION_OK)
    return failure{failure_kind::unreachable, PQerrorMessage(connection.get())};
  std::unique_ptr<PGresult, closer> found{
      PQexec(connection.get(), "select 1 from pg_database where datname = 'carillon'")};
  if (PQntuples(found.get()) == 1)
    return done{};
  std::unique_ptr<PGresult, closer> made{
      PQexec(connection.get(), "create database carillon template template0")};
  if (PQresultStatus(made.get()) != PGRES_COMMAND_OK)
    return failure{failure_kind::initialise, PQresultErrorMessage(made.get())};
  return done{};
}

fallible<fs::path> make_data_directory(const fs::path& wanted) {
  std::error_code error;
  fs::create_directories(wanted, error);
  auto result = fs::canonical(wanted, error);
  if (error || !fs::is_directory(result))
    return failure{failure_kind::file, fmt::format("cannot use {} as data directory: {}",
                                                   wanted.string(), error.message())};
  return result;
}

} // namespace

fs::path find_server_programs() {
  std::error_code ignored;
  std::vector<std::pair<int, fs::path>> versions;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored))
    versions.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
  std::sort(versions.rbegin(), versions.rend());
  for (const auto& [number, directory] : versions)
    if (has_programs(directory))
      return directory;
  const char* path = std::getenv("PATH");
  std::istringstream in(path != nullptr ? path : "");
  for (std::string directory; std::getline(in, directory, ':');)
    if (!directory.empty() && has_programs(directory))
      return directory;
  return {};
}

embedded_server::embedded_server(std::unique_ptr<keeper> runner) : keeper_(std::move(runner)) {}

embedded_server::~embedded_server() = default;

fallible<std::unique_ptr<embedded_server>> embedded_server::start(embedded_options options) {
  if (options.programs.empty())
    options.programs = find_server_programs();
  if (!has_programs(options.programs))
    return failure{failure_kind::no_program,
                   "PostgreSQL is not installed (postgres and initdb were not found): install "
                   "postgresql or set CARILLON_DATABASE_URL"};
  auto who = server_account();
  if (!who)
    return who.error();
  auto data_dir = make_data_directory(options.data_dir);
  if (!data_dir)
    return data_dir.error();
  auto lock = directory_lock::take(*data_dir);
  if (!lock)
    return lock.error();
  auto place = prepare_layout(*data_dir, *who);
  if (!place)
    return place.error();
  if (options.log)
    for (const auto& note : place->notes)
      options.log(note);
  limit_log(*place);
  if (auto made = make_cluster(options, *place, *who); !made)
    return made.error();
  auto runner = std::make_unique<keeper>(std::move(options), *who, *place, std::move(*lock));
  if (auto launched = runner->launch(); !launched)
    return launched.error();
  if (auto made = make_database(runner->url("postgres")); !made)
    return made.error();
  return std::unique_ptr<embedded_server>{new embedded_server(std::move(runner))};
}

std::string embedded_server::url(std::string_view database) const {
  return keeper_->url(database);
}

pid_t embedded_server::pid() const {
  return keeper_->pid();
}

const layout& embedded_server::place() const {
  return keeper_->place();
}

void embedded_server::stop() {
  keeper_->stop();
}

void embedded_server::kill(int signal) {
  keeper_->kill(signal);
}

bool embedded_server::await_ready(std::chrono::milliseconds timeout) const {
  return keeper_->await_ready(timeout);
}

} // namespace carillon::persistence
