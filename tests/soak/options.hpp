#pragma once

#include <chrono>
#include <cstdint>

namespace carillon::soak {

/// How long, how much, and with which dice.
struct soak_options {
  std::uint64_t seed = 1;
  std::chrono::seconds lasts{600};
  double per_second = 100; ///< requests of all clients together
  unsigned clients = 6;
  std::chrono::seconds fault_every{10}; ///< on average
  std::chrono::seconds settle{240};     ///< bound on the wait for everything due at the end
};

} // namespace carillon::soak
