#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace carillon::cli {

/// The whole program: reads the arguments (without the program's name), asks the daemon, prints.
/// Gives the exit code.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

} // namespace carillon::cli
