#pragma once

#include <span>
#include <string_view>

namespace carillon::persistence {

/// A file of this folder, compiled into the binary.
struct embedded_file {
  std::string_view name; ///< without directory and ending
  std::string_view text;
};

/// migrations/NNNN_<what>.sql, by number.
std::span<const embedded_file> embedded_migrations();

/// sql/<name>.sql. Throws std::out_of_range for a name that is not there.
std::string_view statement(std::string_view name);

} // namespace carillon::persistence
