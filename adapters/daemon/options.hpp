#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace carillon::daemon {

/// The command line of carillond.
struct options {
  std::optional<std::filesystem::path> config;
  bool check_config = false;
};

/// Reads the arguments (without the program's name). Where the program is to end at once (--help,
/// --version, a wrong command line), writes what there is to say and leaves the exit code in
/// `code`.
std::optional<options> read_options(std::vector<std::string> arguments, std::ostream& out,
                                    std::ostream& err, int& code);

} // namespace carillon::daemon
