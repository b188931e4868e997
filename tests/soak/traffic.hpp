#pragma once

#include "tests/soak/diary.hpp"
#include "tests/soak/options.hpp"
#include "tests/soak/scene.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace carillon::soak {

/// The clients: threads that each do one thing after another at a steady pace, as real ones would.
/// What is not answered, or refused for now, is repeated until it is answered.
class traffic {
public:
  traffic(const scene& about, diary& told, const soak_options& options);
  ~traffic();
  traffic(const traffic&) = delete;
  traffic& operator=(const traffic&) = delete;

  /// Nothing new is begun; waits until what was begun is answered. False when it is not in time.
  bool finish(std::chrono::milliseconds bound);

private:
  std::atomic<bool> stopping_{false};
  std::atomic<bool> given_up_{false};
  std::atomic<unsigned> running_{0};
  std::vector<std::thread> threads_;
};

} // namespace carillon::soak
