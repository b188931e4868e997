#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace carillon::harness {

/// What processes have used, from /proc. CPU has the kernel's grain of 10 ms.
struct usage {
  std::chrono::microseconds cpu{0};
  std::uint64_t memory_kib = 0; ///< proportional set size where readable, else resident

  friend usage operator-(usage a, const usage& b) {
    a.cpu -= b.cpu;
    return a;
  }
};

/// Of one process alone, all its threads.
usage usage_of(pid_t pid);

/// Of a process, its children that ended, and its descendants that live.
usage usage_of_tree(pid_t root);

std::vector<pid_t> descendants_of(pid_t root);

/// The embedded PostgreSQL of a daemon's data directory, as its postmaster.pid says.
struct postmaster {
  pid_t pid = -1;
  std::string socket_directory;
  std::string url; ///< for libpq
};
std::optional<postmaster> postmaster_of(const std::filesystem::path& data_dir);

/// Whether a process lives whose command line contains `text`.
bool lives_with(const std::string& text);

bool lives(pid_t pid);

} // namespace carillon::harness
