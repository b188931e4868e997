#pragma once

#include "tests/bench/load_generator.hpp"
#include "tests/bench/stack.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace carillon::bench {

/// How events are sent, and to whom.
struct event_load {
  unsigned recipients = 1000; ///< in turn, spread over all of them
  unsigned connections = 32;
  unsigned batch = 1;    ///< events a request
  double per_second = 0; ///< events; 0: closed loop
  unsigned bound_s = 120;
};

/// One run's figures.
struct line_result {
  load_result sending;
  bool complete = false;                       ///< all answered, and all outcomes came
  std::chrono::steady_clock::duration took{0}; ///< to the last outcome
  cost used;                                   ///< meanwhile
  std::vector<std::uint32_t> latencies;        ///< to the 202, in microseconds
};

/// Sends events of `bench.sms` with running numbers through a stack and waits for their outcomes.
class event_line {
public:
  event_line(const event_load& load, stack& whole);

  /// The next `count` events. `others` tells how many more calls are to succeed meanwhile.
  line_result run(std::uint64_t count, const std::function<std::uint64_t()>& others = {});

  /// From the request's first byte to the moment the outcome was decided, of events from `first`
  /// on, of an eighth of the partitions; microseconds.
  std::vector<std::uint32_t> outcome_latencies(std::uint64_t first);

  /// Outcomes in the journal.
  std::uint64_t journaled();

  /// Events sent so far.
  std::uint64_t sent() const {
    return next_;
  }

private:
  std::optional<std::uint64_t> write_request(std::string& out);
  void build(std::string& out, std::uint64_t count);

  const event_load& load_;
  stack& stack_;
  std::string event_;
  std::uint64_t next_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t other_outcomes_ = 0; ///< of runs before
  std::size_t body_at_ = 0;
  std::vector<std::int64_t> sent_; ///< wall clock in microseconds, by event
};

/// Declares the flags of a load.
void add_load_options(CLI::App& command, event_load& load);

/// Adds the processes' CPU a notification, in microseconds.
void add_cost(nlohmann::ordered_json& to, const cost& used, double notifications);

/// Adds `notifications_per_s` and the cost of a run of `count` events.
void add_run(nlohmann::ordered_json& to, const line_result& run, std::uint64_t count);

} // namespace carillon::bench
