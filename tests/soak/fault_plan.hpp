#pragma once

#include "tests/soak/options.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::soak {

/// What is done to the stack.
enum class fault {
  kill_daemon,      ///< SIGKILL, and a start
  kill_twice,       ///< ... and another one during that start
  stop_daemon,      ///< SIGTERM, and a start
  stall_daemon,     ///< SIGSTOP for a moment, as a virtual machine that is moved
  crash_database,   ///< SIGKILL of the server
  restart_database, ///< its fast stop
  provider_errors,  ///< most calls are answered 500
  provider_busy,    ///< most calls are answered 429 with Retry-After
  provider_hangs,   ///< calls are taken, or not, and never answered
  provider_resets,  ///< connections break before or after the message is taken
  provider_slow,    ///< each answer takes a while
  provider_refuses, ///< numbers are not valid
  clock_forward,    ///< seconds, minutes, or an hour
  clock_back,       ///< up to 40 seconds
};

std::string_view to_string(fault what);

/// A fault at its time.
struct planned_fault {
  std::chrono::milliseconds at{0}; ///< from the start of the load
  fault what = fault::kill_daemon;
  std::chrono::milliseconds lasts{0}; ///< until the part is well again, where that is ours to say
  std::chrono::seconds step{0};       ///< of the clock
};

/// The same for the same seed, length and mean. Each kind comes once before any comes twice.
std::vector<planned_fault> make_fault_plan(const soak_options& options);

/// One line for each.
std::string words_of(const std::vector<planned_fault>& plan);

} // namespace carillon::soak
