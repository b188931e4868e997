#pragma once

#include "persistence/embedded/account.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace carillon::persistence {

/// Where an embedded server lives.
struct layout {
  std::filesystem::path root;     ///< holds all of the below except perhaps `socket`
  std::filesystem::path cluster;  ///< PGDATA
  std::filesystem::path socket;   ///< directory of the Unix socket, only for us
  std::filesystem::path log;      ///< the server's own log
  std::vector<std::string> notes; ///< what the operator should know, e.g. that data moved
};

/// An exclusive hold on a data directory for as long as it lives. Never inherited by children.
class directory_lock {
public:
  directory_lock() = default;
  directory_lock(directory_lock&& other) noexcept;
  directory_lock& operator=(directory_lock&& other) noexcept;
  ~directory_lock();

  /// Takes `<directory>/carillon.lock`. Errors: `locked` (names the holder), `file`.
  static fallible<directory_lock> take(const std::filesystem::path& directory);

private:
  explicit directory_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// Makes the directories for a server of `data_dir` that `who` can use: `<data_dir>/postgres`, or
/// else a directory under /var/lib/carillon, remembered in `<data_dir>/postgres.location`; the
/// socket beside the data, or in /tmp if its path would pass the 107 bytes of a Unix socket.
fallible<layout> prepare_layout(const std::filesystem::path& data_dir, const account& who);

/// The longest path that fits sockaddr_un.
inline constexpr std::size_t longest_socket_path = 107;

/// Port in the socket's name; nothing listens on TCP.
inline constexpr int socket_port = 5432;

} // namespace carillon::persistence
