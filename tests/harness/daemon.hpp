#pragma once

#include "tests/harness/http_client.hpp"
#include "tests/harness/proc.hpp"
#include "tests/harness/process.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace carillon::harness {

/// A directory that is removed with its content, unless $CARILLON_KEEP is set.
class work_directory {
public:
  work_directory();
  work_directory(const work_directory&) = delete;
  work_directory& operator=(const work_directory&) = delete;
  ~work_directory();
  const std::filesystem::path& path() const {
    return path_;
  }

private:
  std::filesystem::path path_;
};

/// How a daemon of a test is set up.
struct daemon_options {
  std::filesystem::path directory; ///< takes configuration, log and data
  std::string provider_url;        ///< of the simulator; empty: no provider
  std::string database_url;        ///< empty: embedded
  std::string data_dir;            ///< empty: `<directory>/data`
  std::string toml;                ///< appended: sections and keys of the test
  std::map<std::string, std::string> environment;
  bool small_intervals = true; ///< time-outs and waits of tens of milliseconds
  bool limits = false;         ///< the default limits per recipient; else none
  bool checked = true;         ///< its clients hold every answer against /openapi.json
  std::uint16_t port = 0;      ///< 0: a free one, the same over restarts
};

/// A carillond under test.
class daemon {
public:
  explicit daemon(daemon_options options);
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;
  /// SIGTERM, after 15 s SIGKILL; waits for the embedded server to be gone.
  ~daemon();

  /// Starts it and waits for the ready line. Throws with the end of its log.
  void start(milliseconds bound = milliseconds{60'000});

  /// Starts it and does not wait.
  void launch_only();

  /// Waits for the ready line of `launch_only`. False when it ended or said nothing in time.
  bool await_ready(milliseconds bound);

  /// SIGKILL. Does not wait for the embedded server.
  void kill();

  /// SIGTERM; the exit code, or nothing after `bound`.
  std::optional<int> stop(milliseconds bound = milliseconds{20'000});

  std::optional<int> await_end(milliseconds bound);
  void signal(int number);
  bool running() const {
    return process_ != nullptr;
  }
  pid_t pid() const {
    return process_->pid();
  }

  /// A client with the admin key. Each thread has its own.
  http_client api(milliseconds bound = milliseconds{15'000}) const;
  /// ... with no key.
  http_client anyone(milliseconds bound = milliseconds{15'000}) const;

  const endpoint& where() const {
    return at_;
  }
  std::string log(std::size_t lines = 40) const;
  const std::filesystem::path& data_dir() const {
    return data_dir_;
  }
  const std::filesystem::path& config_file() const {
    return config_;
  }
  /// libpq URL of its database.
  std::string database_url() const;
  std::optional<postmaster> server() const {
    return postmaster_of(data_dir_);
  }

  /// What the daemon's clock adds to the real one, through `clock.offset_file`.
  void set_clock_offset(std::chrono::seconds offset) const;

  /// Value of a metric, summed over its labels; 0 if absent.
  static double metric(http_client& client, std::string_view name);

private:
  void write_config() const;
  std::string config_text() const;

  daemon_options options_;
  std::filesystem::path data_dir_;
  std::filesystem::path config_;
  std::filesystem::path log_;
  endpoint at_;
  std::shared_ptr<const contract> promised_;
  std::unique_ptr<process> process_;
};

/// Key of every daemon under test.
inline constexpr std::string_view admin_key = "test-admin-key-0123456789";

} // namespace carillon::harness
