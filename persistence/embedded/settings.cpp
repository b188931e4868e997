#include "persistence/embedded/settings.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

namespace carillon::persistence {

namespace {

// For few connections that mostly append: large WAL between checkpoints (a page is written whole
// after each), pages compressed in it, vacuum that keeps up with the read models' updates.
const std::vector<std::pair<std::string, std::string>>& our_settings() {
  static const std::vector<std::pair<std::string, std::string>> settings{
      {"listen_addresses", ""},
      {"unix_socket_permissions", "0700"},
      {"max_connections", "60"},
      {"shared_buffers", "128MB"},
      {"huge_pages", "off"},
      {"dynamic_shared_memory_type", "mmap"},
      {"fsync", "on"},
      {"synchronous_commit", "on"},
      {"full_page_writes", "on"},
      {"wal_compression", "lz4"},
      {"wal_buffers", "16MB"},
      {"min_wal_size", "256MB"},
      {"max_wal_size", "2GB"},
      {"checkpoint_timeout", "15min"},
      {"autovacuum_naptime", "15s"},
      {"autovacuum_vacuum_cost_limit", "2000"},
      {"max_parallel_workers_per_gather", "0"},
      {"jit", "off"},
      {"timezone", "UTC"},
      {"log_timezone", "UTC"},
      {"logging_collector", "off"},
      {"log_destination", "stderr"},
      {"log_checkpoints", "off"},
      {"log_line_prefix", "%m [%p] "},
      {"log_error_verbosity", "terse"},     // details quote values,
      {"log_min_error_statement", "panic"}, // and statements may
      {"cluster_name", "carillon"},
  };
  return settings;
}

} // namespace

std::vector<std::string> server_command(
    const std::filesystem::path& programs, const layout& place,
    const std::vector<std::pair<std::string, std::string>>& extra) {
  std::vector<std::string> result{(programs / "postgres").string(), "-D", place.cluster.string()};
  auto set = [&result](const std::string& name, const std::string& value) {
    result.push_back("-c");
    result.push_back(name + "=" + value);
  };
  set("port", std::to_string(socket_port));
  set("unix_socket_directories", place.socket.string());
  for (const auto& [name, value] : our_settings())
    set(name, value);
  for (const auto& [name, value] : extra)
    set(name, value);
  return result;
}

std::vector<std::string> initialise_command(const std::filesystem::path& programs,
                                            const std::filesystem::path& target, bool throw_away) {
  // Trust: the socket's directory is closed to everybody else.
  std::vector<std::string> result{(programs / "initdb").string(),
                                  "-D",
                                  target.string(),
                                  "-U",
                                  "carillon",
                                  "--auth",
                                  "trust",
                                  "--encoding",
                                  "UTF8",
                                  "--locale",
                                  "C"};
  if (throw_away)
    result.push_back("--no-sync");
  else
    result.push_back("--data-checksums");
  return result;
}

std::string last_line_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::string last = "no log at " + file.string();
  while (std::getline(in, line))
    if (line.find("FATAL") != std::string::npos || line.find("error:") != std::string::npos
        || line.find("PANIC") != std::string::npos)
      last = line;
  return last;
}

} // namespace carillon::persistence
