#pragma once

#include "tests/soak/diary.hpp"
#include "tests/soak/fault_plan.hpp"
#include "tests/soak/scene.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace carillon::soak {

/// The daemon's resident memory at a moment of the run, and how long that process had lived.
struct memory_sample {
  std::chrono::seconds at{0};
  std::chrono::seconds age{0};
  std::uint64_t mib = 0;
};

/// Carries the plan out, on the main thread, and watches the daemon meanwhile.
class conductor {
public:
  conductor(scene& on, diary& told, std::vector<planned_fault> plan);

  /// The whole plan and the rest of the time.
  void run(std::chrono::seconds lasts);

  /// Everything is made well: the provider, the clock, the database, the daemon.
  void mend();

  /// Looks until then; a daemon that ended by itself is a complaint, and is started again.
  void watch_until(std::chrono::steady_clock::time_point then);

  const std::vector<memory_sample>& memory() const {
    return memory_;
  }
  std::size_t done() const {
    return done_;
  }

private:
  void carry_out(const planned_fault& one);
  void restart(std::chrono::milliseconds down);
  void kill_twice(std::chrono::milliseconds after);
  void stop_daemon(std::chrono::milliseconds down);
  void stall(std::chrono::milliseconds how_long);
  void start_daemon();
  void sample();
  std::chrono::seconds since(std::chrono::steady_clock::time_point then) const;

  scene& scene_;
  diary& told_;
  std::vector<planned_fault> plan_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point daemon_began_ = began_;
  std::chrono::steady_clock::time_point next_sample_ = began_;
  std::chrono::steady_clock::time_point provider_well_ = began_;
  bool provider_ill_ = false;
  std::size_t done_ = 0;
  std::vector<memory_sample> memory_;
};

} // namespace carillon::soak
