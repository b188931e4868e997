#pragma once

#include "persistence/embedded/server.hpp"
#include "tests/harness/daemon.hpp"
#include "tests/harness/simulator.hpp"
#include "tests/soak/kinds.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace carillon::soak {

/// Attempts by SMS that one person gets in a minute of the daemon's clock.
inline constexpr unsigned per_minute = 30;

/// A PostgreSQL that outlives the daemon, a simulated provider and a daemon, with the rules and
/// people of the soak. Everything but `now`, `client` and `where` belongs to the main thread.
class scene {
public:
  scene();

  harness::work_directory directory;
  std::unique_ptr<persistence::embedded_server> database;
  harness::provider_simulator simulator;
  harness::daemon daemon;

  /// The daemon's clock.
  timestamp now() const;

  /// Moves it by so much; the largest offset ever is remembered.
  void step_clock(std::chrono::seconds by);

  /// To the furthest it has ever been: whatever waited for a time then has it.
  void restore_clock();

  /// A client of its own for each thread, with the admin key.
  harness::http_client client(std::chrono::milliseconds bound = std::chrono::seconds{12}) const;
  const harness::endpoint& where() const {
    return where_;
  }

  /// Whether requests are served now.
  bool ready() const;

private:
  void put_people(harness::http_client& api, crowd which) const;

  harness::endpoint where_;
  std::atomic<std::int64_t> offset_s_{0};
  std::int64_t furthest_s_ = 0;
};

/// Quiet hours of every day.
struct quiet_window {
  std::chrono::minutes start{0}; ///< of the day, UTC
  std::chrono::minutes end{0};
  bool holds(timestamp at) const;
};

/// The quiet hours of a person of `crowd::night`, by the time the soak began: from an hour before;
/// half of them end within some minutes, half in 20 hours.
quiet_window quiet_hours_of(unsigned number, timestamp began);

} // namespace carillon::soak
