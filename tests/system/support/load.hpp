#pragma once

#include "tests/system/support/world.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace carillon::test {

/// Clients that post events one after another, as real ones do: an event is repeated, with its id,
/// until it is answered 202, through refusals and broken connections. It remembers which ids were
/// acknowledged. With several nodes, what one does not answer in time goes to the next.
class load {
public:
  struct options {
    std::vector<harness::endpoint> nodes; ///< empty: the world's daemon
    milliseconds patience{8'000};         ///< for an answer
    unsigned threads = 4;
    std::size_t most = 100'000; ///< events in all
    std::string type;
    std::vector<person> people;
    std::function<json(std::size_t)> data; ///< more data of the nth event; may be empty
  };

  load(const world& about, options what);
  /// Stops and waits.
  ~load();

  /// Waits until that many events were acknowledged. False when they were not in time.
  bool await(std::size_t count, milliseconds bound);

  /// No more events; waits until those begun are acknowledged, or `bound` passed.
  bool finish(milliseconds bound = milliseconds{30'000});

  std::size_t accepted() const {
    return accepted_;
  }
  std::size_t refused() const {
    return refused_;
  }
  std::set<notification_id> acknowledged() const;

  /// Answers that no client should see, in words: a status that is not 202, 429 or 503, or ids of a
  /// repeated event that changed.
  std::vector<std::string> complaints() const;

private:
  void run();
  bool post(harness::http_client& client, const json& event);
  void remember(const json& answer);

  options options_;
  std::string prefix_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> accepted_{0};
  std::atomic<std::size_t> refused_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> given_up_{false};
  std::atomic<unsigned> running_{0};
  mutable std::mutex mutex_;
  std::set<notification_id> ids_;
  std::vector<std::string> complaints_;
  std::vector<std::thread> threads_;
};

} // namespace carillon::test
