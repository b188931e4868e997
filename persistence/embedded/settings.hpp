#pragma once

#include "persistence/embedded/layout.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace carillon::persistence {

/// The command line of the server: everything that is set is set here, so that it belongs to the
/// binary and not to a file in the cluster. `extra` comes last and wins.
std::vector<std::string> server_command(
    const std::filesystem::path& programs, const layout& place,
    const std::vector<std::pair<std::string, std::string>>& extra);

/// The command line that makes the cluster at `target`.
std::vector<std::string> initialise_command(const std::filesystem::path& programs,
                                            const std::filesystem::path& target, bool throw_away);

/// The last line of a log, for a message to the operator.
std::string last_line_of(const std::filesystem::path& file);

} // namespace carillon::persistence
