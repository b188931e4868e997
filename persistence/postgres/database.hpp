#pragma once

#include "persistence/failure.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace carillon::persistence {

class link;

/// What is wanted of a database when the daemon opens it.
struct database_options {
  std::string url;
  std::uint32_t lanes = 2;                    ///< used only when the database is made
  std::string key_fingerprint;                ///< of the master key; a database keeps to one
  std::chrono::milliseconds patience{60'000}; ///< how long to try to connect
  std::function<void(std::string_view)> log;
};

/// A database that is migrated and fits this binary.
struct opened_database {
  std::string url;
  std::uint32_t lanes = 0;
  bool fresh = false; ///< made by this call
};

/// Connects (trying again for `patience`), migrates, and checks that database, binary and master
/// key belong together. Errors: `unreachable`, `migration`, `database_newer`, `key`.
fallible<opened_database> open_database(const database_options& options);

/// Applies the migrations that are missing, each in its transaction, under an advisory lock.
/// Errors: `migration` (failed, or changed after it was applied), `database_newer`.
attempt migrate(link& to);

/// The lane of a partition.
constexpr std::uint32_t lane_of(std::uint8_t partition, std::uint32_t lanes) {
  return partition % lanes;
}

} // namespace carillon::persistence
