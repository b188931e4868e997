#include "tests/support/postgres_fixture.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include <sys/stat.h>

namespace carillon::test {

namespace {

std::vector<std::vector<std::string>> run(const std::string& url, std::string_view sql) {
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection{PQconnectdb(url.c_str()), &PQfinish};
  std::unique_ptr<PGresult, decltype(&PQclear)> result{
      PQexec(connection.get(), std::string{sql}.c_str()), &PQclear};
  auto state = PQresultStatus(result.get());
  if (state != PGRES_TUPLES_OK && state != PGRES_COMMAND_OK)
    throw std::runtime_error(PQerrorMessage(connection.get()));
  std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row)
    for (int column = 0; column < PQnfields(result.get()); ++column)
      rows[static_cast<std::size_t>(row)].emplace_back(PQgetvalue(result.get(), row, column));
  return rows;
}

struct server_of_process {
  temporary_directory directory;
  std::unique_ptr<persistence::embedded_server> server;

  server_of_process() {
    persistence::embedded_options options;
    options.data_dir = directory.path();
    options.throw_away = true;
    auto started = persistence::embedded_server::start(std::move(options));
    if (!started)
      throw std::runtime_error(started.error().text);
    server = std::move(*started);
  }
};

} // namespace

temporary_directory::temporary_directory() {
  char name[] = "/tmp/carillon-test-XXXXXX";
  if (::mkdtemp(name) == nullptr)
    throw std::runtime_error("no temporary directory");
  path_ = name;
  ::chmod(name, 0755); // as root the server runs as another user
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

persistence::embedded_server& postgres() {
  static server_of_process held;
  return *held.server;
}

database::database() {
  static int count = 0;
  name_ = fmt::format("test_{}", ++count);
  url_ = postgres().url(name_);
  run(postgres().url("postgres"), "create database " + name_ + " template template0");
}

database::~database() {
  try {
    run(postgres().url("postgres"), "drop database if exists " + name_ + " with (force)");
  } catch (const std::exception&) {
    // The server's directory goes at the end anyway.
  }
}

std::vector<std::vector<std::string>> database::query(std::string_view sql) const {
  return run(url_, sql);
}

std::string database::value(std::string_view sql) const {
  return query(sql).at(0).at(0);
}

} // namespace carillon::test
