#include "adapters/daemon/keys.hpp"

#include "persistence/sealing/master_key.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace carillon::daemon {
namespace {

namespace fs = std::filesystem;

std::string new_bootstrap_key() {
  std::array<unsigned char, 24> bytes{};
  persistence::random_bytes(bytes.data(), bytes.size());
  std::string text = "ck_";
  for (auto byte : bytes)
    text += fmt::format("{:02x}", byte);
  return text;
}

/// Writes a file that only its owner can read, whole or not at all. Empty, or what went wrong.
std::string write_secret(const fs::path& file, std::string_view text) {
  auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  int out = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0)
    return std::strerror(errno);
  auto written = ::write(out, text.data(), text.size());
  bool good = written == static_cast<ssize_t>(text.size()) && ::fsync(out) == 0;
  ::close(out);
  if (!good || ::rename(fresh.c_str(), file.c_str()) != 0)
    return std::strerror(errno);
  return {};
}

std::variant<std::string, start_failure> load_bootstrap_key(const settings& from) {
  if (!from.bootstrap_key.empty())
    return from.bootstrap_key;
  auto file = from.data_dir / "bootstrap.key";
  if (std::ifstream in{file}; in) {
    std::string key;
    if (std::getline(in, key) && key.size() >= 16)
      return key;
    return start_failure{
        bad_configuration,
        fmt::format("{} holds no key; remove it to have a new one made", file.string())};
  }
  if (fs::exists(file))
    return start_failure{bad_configuration, fmt::format("{} cannot be read", file.string())};
  auto key = new_bootstrap_key();
  if (auto wrong = write_secret(file, key + "\n"); !wrong.empty())
    return start_failure{bad_configuration,
                         fmt::format("cannot write {}: {}", file.string(), wrong)};
  return key;
}

} // namespace

std::variant<node_keys, start_failure> load_keys(const settings& from) {
  std::error_code error;
  fs::create_directories(from.data_dir, error);
  if (error)
    return start_failure{bad_configuration, fmt::format("cannot make the data directory {}: {}",
                                                        from.data_dir.string(), error.message())};
  node_keys keys;
  auto file = from.master_key_file.empty() ? from.data_dir / "master.key" : from.master_key_file;
  auto master = persistence::load_master_key(file, true);
  if (!master)
    return start_failure{bad_configuration, master.error().text};
  keys.master = *master;
  auto bootstrap = load_bootstrap_key(from);
  if (auto* failure = std::get_if<start_failure>(&bootstrap))
    return *failure;
  keys.bootstrap = std::get<std::string>(bootstrap);
  auto secret = persistence::keyed_hash(
      {reinterpret_cast<const char*>(keys.master.data()), keys.master.size()},
      "recipient tokens 1");
  keys.token_secret.assign(secret.begin(), secret.end());
  return keys;
}

} // namespace carillon::daemon
