#pragma once

#include "messages/people.hpp"

#include "persistence/postgres/link.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace carillon::persistence {

/// Opens a new segment `journal_<n>` and closes the current one; lanes write to it from their next
/// batch on. Gives its number. Throws `sql_failure`.
int rotate_segment(link& to);

/// From now on a start does not read the segment. Throws `sql_failure`, with `tending_refused`
/// where its facts would be missed (docs/journal.md).
void settle_segment(link& to, int number,
                    const std::array<std::uint64_t, partition_count>& flushed);

/// Drops the oldest segment, which must be settled, with all its facts; the numbers of partitions
/// and lanes go on where they were. Waits a bounded time for readers. Throws `sql_failure`, with
/// `tending_refused` where it is not the oldest, or not settled.
void drop_segment(link& to, int number);

/// SQLSTATE object_in_use: nothing was done, for a reason.
inline constexpr const char* tending_refused = "55006";

/// Numbers of the segments, oldest first.
std::vector<int> segments(link& of);

/// The body of `tend_segments`: a connection for each call, as some take long and most of the time
/// there are none. Used by one thread.
class segment_queries {
public:
  /// `cancelled` is asked while the database works; true gives the connection up.
  segment_queries(std::string url, std::function<bool()> cancelled);

  /// Throws `sql_failure` for what is not a refusal.
  segments_listed tend(const tend_segments& what);

private:
  void act(const tend_segments& what);

  link link_;
};

} // namespace carillon::persistence
