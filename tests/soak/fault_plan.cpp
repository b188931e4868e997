#include "tests/soak/fault_plan.hpp"

#include <fmt/format.h>

#include <array>
#include <random>

namespace carillon::soak {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array names{"kill -9",          "kill -9 twice",    "SIGTERM",
                           "daemon stalls",    "database crashes", "database restarts",
                           "provider: errors", "provider: busy",   "provider: hangs",
                           "provider: resets", "provider: slow",   "provider: refuses",
                           "clock forward",    "clock back"};

// Kills more often than the rest.
constexpr std::array deck{fault::kill_daemon,      fault::crash_database, fault::provider_errors,
                          fault::clock_forward,    fault::kill_daemon,    fault::provider_hangs,
                          fault::restart_database, fault::clock_back,     fault::kill_twice,
                          fault::provider_resets,  fault::stop_daemon,    fault::provider_busy,
                          fault::stall_daemon,     fault::provider_slow,  fault::kill_daemon,
                          fault::provider_refuses, fault::crash_database, fault::clock_forward};

class dealer {
public:
  explicit dealer(const soak_options& options) : options_(options), dice_(options.seed) {}

  std::vector<planned_fault> deal() {
    std::vector<planned_fault> out;
    const milliseconds mean{options_.fault_every};
    std::vector<fault> left;
    for (auto at = mean / 2; at < milliseconds{options_.lasts} - mean / 2;
         at += milliseconds{between(mean.count() * 3 / 10, mean.count() * 17 / 10)}) {
      if (left.empty())
        left = shuffled();
      out.push_back(one(at, left.back()));
      left.pop_back();
    }
    return out;
  }

private:
  // Not std::shuffle and not std::uniform_int_distribution: theirs may differ by library.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least
           + static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(most - least + 1));
  }

  std::vector<fault> shuffled() {
    std::vector<fault> out{deck.begin(), deck.end()};
    for (std::size_t i = out.size(); i > 1; --i)
      std::swap(out[i - 1], out[static_cast<std::size_t>(dice_() % i)]);
    return out;
  }

  planned_fault one(milliseconds at, fault what) {
    planned_fault out{at, what, milliseconds{0}, seconds{0}};
    if (what == fault::clock_forward) {
      const auto how_far = between(0, 9);
      out.step = seconds{how_far == 0 ? 3'600 : between(1, how_far < 5 ? 20 : 240)};
    } else if (what == fault::clock_back) {
      out.step = seconds{-between(1, 40)};
    } else if (what == fault::stall_daemon) {
      out.lasts = milliseconds{between(200, 2'500)};
    } else if (what >= fault::provider_errors) {
      out.lasts = milliseconds{between(1'000, 8'000)};
    } else {
      out.lasts = milliseconds{between(0, 1'200)};
    }
    return out;
  }

  const soak_options& options_;
  std::mt19937_64 dice_;
};

} // namespace

std::string_view to_string(fault what) {
  return names[static_cast<std::size_t>(what)];
}

std::vector<planned_fault> make_fault_plan(const soak_options& options) {
  return dealer{options}.deal();
}

std::string words_of(const std::vector<planned_fault>& plan) {
  std::string out;
  for (const auto& each : plan)
    out += fmt::format("  {:>8.1f} s  {}{}\n", static_cast<double>(each.at.count()) / 1000,
                       to_string(each.what),
                       each.step.count() != 0 ? fmt::format(" {:+} s", each.step.count())
                                              : fmt::format(" ({} ms)", each.lasts.count()));
  return out;
}

} // namespace carillon::soak
