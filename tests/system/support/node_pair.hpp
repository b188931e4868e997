#pragma once

#include "tests/support/postgres_fixture.hpp"
#include "tests/system/support/world.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace carillon::test {

/// A database, a node that serves and one that waits for its end, with the lease of a product.
class node_pair {
  harness::work_directory second_directory_; // outlives the second node

public:
  /// Returns when the second node waits.
  node_pair();

  database data;
  world w; ///< its daemon is the first node
  harness::daemon second;

  harness::daemon& first() {
    return w.daemon;
  }
  std::vector<harness::endpoint> nodes() const {
    return {w.daemon.where(), second.where()};
  }

  /// Waits until the second node serves, and says how long after `since` that was. Throws with its
  /// log when it does not.
  milliseconds await_takeover(harness::steady::time_point since);

  /// What the provider got from the first node.
  std::vector<harness::sim_message> calls_of_first();
};

/// A recipient's live session that is made again, at one node after the other, each time it breaks
/// or is silent, and resumes where it was.
class live_reader {
public:
  live_reader(std::vector<harness::endpoint> nodes, std::string token);
  ~live_reader();

  std::uint64_t offset() const {
    return offset_;
  }
  std::size_t sessions() const {
    return sessions_;
  }
  /// What a client must not see: a gap, a repetition, a session that cannot resume. Ends it.
  std::string finish();

private:
  void run();
  void read(const harness::endpoint& node);

  std::vector<harness::endpoint> nodes_;
  std::string token_;
  std::atomic<std::uint64_t> offset_{0};
  std::atomic<std::size_t> sessions_{0};
  std::atomic<bool> stopping_{false};
  std::string complaint_; ///< read after the thread's end
  std::thread thread_;
};

} // namespace carillon::test
