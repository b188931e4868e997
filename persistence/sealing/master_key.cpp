#include "persistence/sealing/master_key.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::persistence {

namespace fs = std::filesystem;

namespace {

struct descriptor {
  int number = -1;
  ~descriptor() {
    if (number >= 0)
      ::close(number);
  }
};

failure cannot(const char* what, const fs::path& file) {
  return {failure_kind::key, fmt::format("cannot {} the master key {}: {}", what, file.string(),
                                         std::strerror(errno))};
}

bool flush_directory(const fs::path& directory) {
  descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return opened.number >= 0 && ::fsync(opened.number) == 0;
}

// Beside and linked in: a crash leaves no half key, and a key that is there is never replaced.
fallible<key_bytes> make_key_file(const fs::path& file) {
  key_bytes key;
  random_bytes(key.data(), key.size());
  auto fresh = file;
  fresh += fmt::format(".{}.new", ::getpid());
  ::unlink(fresh.c_str());
  {
    descriptor out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (out.number < 0
        || ::write(out.number, key.data(), key.size()) != static_cast<ssize_t>(key.size())
        || ::fsync(out.number) != 0)
      return cannot("write", file);
  }
  auto directory = file.has_parent_path() ? file.parent_path() : fs::path{"."};
  bool linked = ::link(fresh.c_str(), file.c_str()) == 0 && flush_directory(directory);
  auto failed = errno;
  ::unlink(fresh.c_str());
  errno = failed;
  if (!linked)
    return cannot("make", file);
  return key;
}

} // namespace

fallible<key_bytes> load_master_key(const fs::path& file, bool make_if_missing) {
  descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.number < 0 && errno == ENOENT && make_if_missing)
    return make_key_file(file);
  struct stat status {};
  if (in.number < 0 || ::fstat(in.number, &status) != 0)
    return cannot("read", file);
  if ((status.st_mode & 0077) != 0)
    return failure{failure_kind::key,
                   fmt::format("master key {} can be read by others: chmod 600", file.string())};
  key_bytes key;
  if (status.st_size != static_cast<off_t>(key.size()))
    return failure{failure_kind::key, fmt::format("master key {} has {} bytes instead of {}",
                                                  file.string(), status.st_size, key.size())};
  if (::read(in.number, key.data(), key.size()) != static_cast<ssize_t>(key.size()))
    return cannot("read", file);
  return key;
}

} // namespace carillon::persistence
