#pragma once

#include "persistence/failure.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace carillon::persistence {

/// The user that PostgreSQL's programs run as: ourselves, or, when we are root (which PostgreSQL
/// refuses), Debian's `postgres`.
struct account {
  bool switch_user = false;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
};

/// Chooses the account. Errors: `no_account`.
fallible<account> server_account();

/// What a started program is and where its output goes.
struct program {
  std::vector<std::string> command; ///< path of the program and its arguments
  std::filesystem::path directory;  ///< working directory
  std::filesystem::path output;     ///< both outputs are appended here, as the account
  int death_signal = 0;             ///< sent to the program when the *thread* that started it ends
};

/// Starts a program as the account, in its own session, with no inherited descriptor, no blocked
/// signal and a small environment. Gives its process id, or -1 and errno.
pid_t spawn_as(const account& who, const program& what);

/// Whether the account can make files in `directory`.
bool can_write(const account& who, const std::filesystem::path& directory);

/// Waits for the end of a child; gives its status as waitpid(2) does.
int wait_for(pid_t child);

} // namespace carillon::persistence
