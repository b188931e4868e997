#include "persistence/embedded/leftovers.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

namespace carillon::persistence {

namespace fs = std::filesystem;

namespace {

pid_t number_of(const std::string& name) {
  pid_t value = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  return error == std::errc{} && end == name.data() + name.size() ? value : 0;
}

// Somebody's shell in that directory is not a server.
bool is_postgres(const fs::path& process) {
  std::ifstream in(process / "comm");
  std::string name;
  std::getline(in, name);
  return name == "postgres" || name == "initdb" || name == "postmaster";
}

bool is_gone(const fs::path& cluster) {
  return server_processes(cluster).empty();
}

bool await_end(const fs::path& cluster, std::chrono::milliseconds patience) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_gone(cluster)) {
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

void signal_all(const fs::path& cluster, int signal) {
  for (auto process : server_processes(cluster))
    ::kill(process, signal);
}

} // namespace

std::vector<pid_t> server_processes(const fs::path& cluster) {
  std::vector<pid_t> result;
  std::error_code ignored;
  auto wanted = fs::weakly_canonical(cluster, ignored);
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    auto process = number_of(entry.path().filename().string());
    if (process == 0)
      continue;
    auto directory = fs::read_symlink(entry.path() / "cwd", ignored);
    if (!directory.empty() && directory == wanted && is_postgres(entry.path()))
      result.push_back(process);
  }
  return result;
}

bool await_leftovers(const fs::path& cluster, std::chrono::milliseconds patience) {
  if (await_end(cluster, patience))
    return true;
  signal_all(cluster, SIGINT);
  if (await_end(cluster, patience))
    return true;
  signal_all(cluster, SIGQUIT);
  return await_end(cluster, patience);
}

void drop_stale_pid_file(const fs::path& cluster) {
  auto file = cluster / "postmaster.pid";
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line))
    return;
  auto processes = server_processes(cluster);
  auto named = number_of(line);
  if (std::find(processes.begin(), processes.end(), named) != processes.end())
    return;
  std::error_code ignored;
  fs::remove(file, ignored);
}

} // namespace carillon::persistence
