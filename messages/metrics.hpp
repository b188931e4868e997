#pragma once

#include "messages/enums.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace carillon {

/// A counter or gauge that any thread may move and the metrics page reads.
class meter {
public:
  void add(std::uint64_t n = 1) noexcept {
    value_.fetch_add(n, std::memory_order_relaxed);
  }
  void sub(std::uint64_t n = 1) noexcept {
    value_.fetch_sub(n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) noexcept {
    value_.store(n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// Counts of durations in powers of two from 256 microseconds; the last holds everything longer.
class latency_meter {
public:
  static constexpr std::size_t buckets = 20;
  void record(std::uint64_t microseconds) noexcept;
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept {
    return counts_[bucket].get();
  }
  [[nodiscard]] std::uint64_t sum_us() const noexcept {
    return sum_.get();
  }
  /// The upper edge of a bucket in microseconds.
  static constexpr std::uint64_t edge_us(std::size_t bucket) noexcept {
    return std::uint64_t{256} << bucket;
  }

private:
  std::array<meter, buckets> counts_;
  meter sum_;
};

/// The node's numbers, one instance handed to everyone who counts; the daemon words them for
/// Prometheus (docs/operations.md lists the names).
struct metrics {
  meter events_accepted, events_duplicate, events_unmatched, events_refused;
  meter notifications_planned, notifications_dead_lettered, notifications_cancelled,
      notifications_expired;
  std::array<meter, enum_count<channel>> attempts_started, attempts_succeeded, attempts_failed,
      attempts_unknown, attempts_resent_after_unknown;
  std::array<meter, enum_count<reason>> holds, suppressions;
  meter callbacks_accepted, callbacks_refused;
  meter journal_rows, journal_commits, journal_retries, journal_bytes_pending, journal_down;
  meter partitions_ready, partition_restarts;
  meter segments_open, segments_settled, snapshots_written;
  meter people_in_memory, people_read, people_evicted;
  meter deliveries_alive, notifications_waiting, permits_waiting;
  meter live_sessions, live_frames, live_sessions_dropped;
  meter projector_rows, projector_lag_positions;
  meter http_requests, http_refused, http_connections;
  meter provider_calls, breaker_open;
  latency_meter event_to_durable, event_to_outcome, commit_time, provider_time;
};

} // namespace carillon
