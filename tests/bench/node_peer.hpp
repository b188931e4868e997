#pragma once

#include "persistence/embedded/server.hpp"
#include "tests/harness/daemon.hpp"
#include "tests/harness/process.hpp"
#include "tests/harness/simulator.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace carillon::bench {

/// CPU of each of the peer's processes.
struct peer_cost {
  std::chrono::microseconds api{0};
  std::chrono::microseconds worker{0};
  std::chrono::microseconds redis{0};
  std::chrono::microseconds postgres{0};
  std::chrono::microseconds simulator{0};
  std::chrono::microseconds generator{0};
};
peer_cost operator-(const peer_cost& a, const peer_cost& b);

/// The usual pipeline in Node.js (tests/bench/peers/node): an API, a worker, Redis and a PostgreSQL
/// with the settings of Carillon's own, each a process, in a directory that goes with it. The
/// provider is the same simulator.
class node_peer {
public:
  node_peer(const std::filesystem::path& scripts, unsigned recipients, unsigned concurrency);

  /// What has to be installed first, in words; empty: nothing.
  static std::string missing(const std::filesystem::path& scripts);

  const harness::endpoint& where() const {
    return at_;
  }
  harness::provider_simulator& simulator() {
    return simulator_;
  }
  std::string database_url() const {
    return database_->url();
  }

  peer_cost used() const;
  std::uint64_t api_kib() const;
  std::uint64_t worker_kib() const;
  std::uint64_t redis_kib() const;
  std::uint64_t postgres_kib() const;

private:
  std::unique_ptr<harness::process> start(const std::string& program,
                                          std::vector<std::string> arguments);
  void start_redis();
  std::string await_ready(harness::process& program, const std::string& name) const;

  harness::work_directory directory_;
  harness::provider_simulator simulator_;
  std::unique_ptr<persistence::embedded_server> database_;
  std::map<std::string, std::string> environment_;
  std::unique_ptr<harness::process> redis_;
  std::unique_ptr<harness::process> worker_;
  std::unique_ptr<harness::process> api_;
  harness::endpoint at_;
};

} // namespace carillon::bench
