#pragma once

#include <chrono>

#include <time.h>

namespace carillon {

/// Time since the machine's start, the time it was suspended included, which the steady clock
/// leaves out on Linux (clock_gettime(2), CLOCK_BOOTTIME). For what must have run out when we wake.
struct boot_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boot_clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec read{};
    ::clock_gettime(CLOCK_BOOTTIME, &read);
    return time_point{std::chrono::seconds{read.tv_sec} + std::chrono::nanoseconds{read.tv_nsec}};
  }
};

} // namespace carillon
