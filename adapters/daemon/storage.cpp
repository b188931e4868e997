#include "adapters/daemon/storage.hpp"

#include "persistence/postgres/database.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace carillon::daemon {
namespace {

start_failure as_start_failure(const persistence::failure& why) {
  return {exit_code_of(why.kind), why.text};
}

void log_line(std::string_view line) {
  spdlog::info("database: {}", line);
}

} // namespace

std::variant<storage, start_failure> open_storage(const settings& from,
                                                  const std::string& key_fingerprint) {
  auto patience
      = std::chrono::duration_cast<std::chrono::milliseconds>(from.database.start_timeout);
  storage result;
  if (from.database.url) {
    result.url = *from.database.url;
  } else {
    persistence::embedded_options how;
    how.data_dir = from.data_dir;
    how.start_timeout = patience;
    how.log = log_line;
    auto started = persistence::embedded_server::start(std::move(how));
    if (!started)
      return as_start_failure(started.error());
    result.server = std::move(*started);
    result.url = result.server->url();
  }
  persistence::database_options how;
  how.url = result.url;
  how.lanes = from.database.lanes;
  how.key_fingerprint = key_fingerprint;
  how.patience = patience;
  how.log = log_line;
  auto opened = persistence::open_database(how);
  if (!opened)
    return as_start_failure(opened.error());
  result.url = opened->url;
  result.lanes = opened->lanes;
  return result;
}

} // namespace carillon::daemon
