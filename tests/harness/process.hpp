#pragma once

#include "tests/harness/wait.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace carillon::harness {

/// What is started.
struct launch {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment; ///< on top of ours without CARILLON_*
  std::filesystem::path errors;                   ///< standard error is appended here; empty: ours
};

/// A child of this process. It dies with the thread that started it (so start it from one that
/// stays), and at the latest with this object. Only its own id is ever signalled.
class process {
public:
  explicit process(const launch& what);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  pid_t pid() const {
    return pid_;
  }

  /// The next line of its standard output; nothing at its end or after `bound`.
  std::optional<std::string> read_line(milliseconds bound);

  /// Does nothing when it has ended.
  void signal(int number);

  /// Waits for its end: the exit code, or 128 + the signal that killed it. Nothing after `bound`.
  std::optional<int> await_end(milliseconds bound);

  /// SIGKILL, and waits.
  void kill();

private:
  void reap();

  pid_t pid_ = -1;
  int handle_ = -1; // pidfd
  int output_ = -1;
  std::string pending_;
  std::optional<int> ended_;
};

/// Directory of our programs: $CARILLON_BIN, or that of this program.
std::filesystem::path program_directory();

/// A port on loopback that was free a moment ago.
std::uint16_t free_port();

/// The last `lines` of a file, for messages; empty if there is none.
std::string tail_of(const std::filesystem::path& file, std::size_t lines = 20);

} // namespace carillon::harness
