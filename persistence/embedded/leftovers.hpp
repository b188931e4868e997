#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include <sys/types.h>

namespace carillon::persistence {

/// Processes of a PostgreSQL server of `cluster`: every process of a server works in that
/// directory, so they are found by it whatever the pid file says.
std::vector<pid_t> server_processes(const std::filesystem::path& cluster);

/// Waits until no process of an earlier server of `cluster` is left, at most three times
/// `patience`: first in peace (a dead daemon's server is shutting down), then after SIGINT, then
/// after SIGQUIT. Call only while holding the directory's lock. False if some are left.
bool await_leftovers(const std::filesystem::path& cluster, std::chrono::milliseconds patience);

/// Removes a `postmaster.pid` that names a process which is not a server of `cluster` (a crash of
/// the machine, and the number was given to somebody else).
void drop_stale_pid_file(const std::filesystem::path& cluster);

} // namespace carillon::persistence
