#pragma once

#include "messages/engine.hpp"

#include "persistence/failure.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::persistence {

/// How a node holds its database.
struct lease_options {
  std::string url;
  std::string node = "main"; ///< name of the lease row; one holder at a time
  std::string holder;        ///< who holds it, for people: host and process
  std::chrono::milliseconds ttl{7'000};
  std::chrono::milliseconds renew_every{500};
  /// Whether that holder surely lives no more; then it gets no time to come back. May be empty.
  std::function<bool(const std::string& holder)> is_gone;
  std::shared_ptr<lease_view> view; ///< moved forward by each renewal; never null
  std::function<void(std::string_view)> log;
  /// The lease is another's. Called once, from the keeper's thread: it must not end the keeper.
  std::function<void()> on_fenced;
};

/// Holds the lease of a node with a thread and a connection of its own: a session advisory lock, by
/// which the others see our death at once, and a row with a term on the database's clock, by which
/// they see that we are paused. A lock that is free beside a row whose term runs is a death, unless
/// the row is renewed within a moment: a holder that only lost its connection keeps the lease.
class lease_keeper {
public:
  explicit lease_keeper(lease_options options);
  ~lease_keeper();
  lease_keeper(const lease_keeper&) = delete;
  lease_keeper& operator=(const lease_keeper&) = delete;

  /// Waits until the lease is ours, and bumps its epoch, which fences whoever had it. `standby` is
  /// called if another node has it, and again when that is yet another; `give_up` is asked about
  /// ten times a second and ends the wait. Errors: `unreachable`, `query`, `locked` (gave up).
  fallible<std::uint64_t> acquire(const std::function<void()>& standby,
                                  const std::function<bool()>& give_up);

  /// Who had the lease when `acquire` last looked; empty: nobody ever had. For its thread.
  const std::string& holder() const;

  /// Starts to renew.
  void start();

  /// Stops renewing and gives the lease back, so that the next holder need not wait.
  void release();

private:
  class body;
  std::unique_ptr<body> body_;
};

} // namespace carillon::persistence
