#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace carillon::daemon {

/// The whole program: reads the arguments (without the program's name) and settings, starts a node,
/// says so in one line on `out`, waits to be told to stop, drains. Gives the exit code. May be
/// called once in a process.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

} // namespace carillon::daemon
