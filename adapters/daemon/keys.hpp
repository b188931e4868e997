#pragma once

#include "adapters/daemon/exit_code.hpp"
#include "config/settings.hpp"
#include "persistence/sealing/cipher.hpp"

#include <filesystem>
#include <string>
#include <variant>

namespace carillon::daemon {

/// The secrets that a node starts with.
struct node_keys {
  persistence::key_bytes master{}; ///< wraps the recipients' keys
  std::string bootstrap;           ///< API key with role admin of tenant default
  std::string token_secret;        ///< signs the recipients' tokens; follows from the master key
};

/// Reads the keys, and makes those that are missing and ours to make: the master key and `<data
/// dir>/bootstrap.key`, both only for their owner. Makes the data directory. Errors:
/// bad_configuration, in one line.
std::variant<node_keys, start_failure> load_keys(const settings& from);

} // namespace carillon::daemon
