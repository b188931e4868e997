#pragma once

#include "adapters/daemon/exit_code.hpp"
#include "config/settings.hpp"
#include "persistence/embedded/server.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace carillon::daemon {

/// The database of the journal: a private server of ours, or one that the settings name; migrated
/// and fit.
struct storage {
  std::unique_ptr<persistence::embedded_server> server; ///< null: not ours
  std::string url;
  std::uint32_t lanes = 0;
};

/// Starts the private server if there is to be one, connects, migrates. Blocks up to
/// `database.start_timeout`. Errors: by kind, in one line.
std::variant<storage, start_failure> open_storage(const settings& from,
                                                  const std::string& key_fingerprint);

} // namespace carillon::daemon
