#pragma once

#include "persistence/failure.hpp"

#include <string>

namespace carillon::daemon {

/// What the daemon ends with (docs/operations.md).
enum exit_code : int {
  stopped = 0,
  failed = 1,            ///< a part kept failing; start it again
  bad_configuration = 2, ///< also: port in use, unreadable key, locked data directory
  database_unreachable = 3,
  database_unfit = 4, ///< a migration failed, or the database is newer than the binary
  fenced = 5          ///< another node owns what was ours
};

/// The exit code for a failure of persistence at start.
exit_code exit_code_of(persistence::failure_kind kind) noexcept;

/// The daemon cannot start: one line for the operator, and how to end.
struct start_failure {
  exit_code code;
  std::string text;
};

} // namespace carillon::daemon
