#include "persistence/embedded/layout.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::persistence {

namespace fs = std::filesystem;

namespace {

failure cannot(const char* what, const fs::path& path) {
  return {failure_kind::file,
          fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno))};
}

// Only for the server's user (and root, who may everything).
attempt make_private(const fs::path& path, const account& who) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return cannot("make", path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    return cannot("read", path);
  if (!S_ISDIR(status.st_mode))
    return failure{failure_kind::file, path.string() + " is not a directory"};
  if (status.st_uid != who.user && ::chown(path.c_str(), who.user, who.group) != 0)
    return cannot("change the owner of", path);
  if ((status.st_mode & 0777) != 0700 && ::chmod(path.c_str(), 0700) != 0)
    return cannot("change the mode of", path);
  return done{};
}

std::string random_name() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}", source(), source());
}

fs::path remembered_place(const fs::path& data_dir) {
  std::ifstream in(data_dir / "postgres.location");
  std::string line;
  std::getline(in, line);
  return line;
}

fallible<fs::path> move_elsewhere(const fs::path& data_dir) {
  fs::path base = "/var/lib/carillon";
  if (::mkdir(base.c_str(), 0755) != 0 && errno != EEXIST)
    return cannot("make", base);
  auto place = base / random_name();
  std::ofstream out(data_dir / "postgres.location");
  out << place.string() << '\n';
  out.flush();
  if (!out)
    return cannot("write", data_dir / "postgres.location");
  return place;
}

fallible<fs::path> choose_root(const fs::path& data_dir, const account& who) {
  if (auto place = remembered_place(data_dir); !place.empty())
    return place;
  auto place = data_dir / "postgres";
  if (auto made = make_private(place, who); !made)
    return made.error();
  if (can_write(who, place))
    return place;
  ::rmdir(place.c_str());
  return move_elsewhere(data_dir);
}

bool fits(const fs::path& directory) {
  auto socket = directory / fmt::format(".s.PGSQL.{}", socket_port);
  return socket.native().size() <= longest_socket_path;
}

// In /tmp anybody could have made the name before us: it must be a directory of the server's user.
fallible<fs::path> short_socket_directory(const account& who) {
  char name[] = "/tmp/carillon-XXXXXX";
  if (::mkdtemp(name) == nullptr)
    return cannot("make", name);
  if (::chown(name, who.user, who.group) != 0)
    return cannot("change the owner of", name);
  return fs::path{name};
}

fallible<fs::path> choose_socket(const fs::path& root, const account& who) {
  auto beside = root / "run";
  if (fits(beside)) {
    if (auto made = make_private(beside, who); !made)
      return made.error();
    return beside;
  }
  return short_socket_directory(who);
}

} // namespace

directory_lock::directory_lock(directory_lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

directory_lock& directory_lock::operator=(directory_lock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

directory_lock::~directory_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

fallible<directory_lock> directory_lock::take(const fs::path& directory) {
  auto file = directory / "carillon.lock";
  int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return cannot("open", file);
  directory_lock held{descriptor};
  char holder[32] = {};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    auto length = ::pread(descriptor, holder, sizeof holder - 1, 0);
    if (length > 0)
      holder[std::strcspn(holder, "\n")] = '\0';
    return failure{failure_kind::locked,
                   fmt::format("data directory {} is in use by another daemon (process {})",
                               directory.string(), length > 0 ? holder : "unknown")};
  }
  auto text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0
      || ::pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return cannot("write", file);
  return held;
}

fallible<layout> prepare_layout(const fs::path& data_dir, const account& who) {
  layout result;
  auto root = choose_root(data_dir, who);
  if (!root)
    return root.error();
  result.root = *root;
  if (result.root != data_dir / "postgres")
    result.notes.push_back(fmt::format("the user of PostgreSQL cannot reach {}: its data is in {}",
                                       data_dir.string(), result.root.string()));
  if (auto made = make_private(result.root, who); !made)
    return made.error();
  auto socket = choose_socket(result.root, who);
  if (!socket)
    return socket.error();
  result.socket = *socket;
  if (result.socket != result.root / "run")
    result.notes.push_back(
        fmt::format("the path of a socket under {} would be too long: it is in {}",
                    result.root.string(), result.socket.string()));
  result.cluster = result.root / "data";
  result.log = result.root / "server.log";
  return result;
}

} // namespace carillon::persistence
