#pragma once

#include "messages/journal.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <string>

namespace carillon::persistence {

/// What a replay of one lane is about.
struct replay_options {
  std::string url;
  std::uint32_t lane = 0;
  std::bitset<256> partitions; ///< which of the lane's
  std::size_t rows_per_chunk = 512;
  std::size_t bytes_in_flight = std::size_t{32} << 20; ///< chunks that are not yet let go
  std::function<bool()> cancelled;                     ///< asked now and then
};

/// Who gets what is read. Called from the reading thread, in order per partition.
struct replay_sink {
  std::function<void(partition_id, replay_chunk_ptr)> chunk;
  std::function<void(partition_id, replay_end)> end;
};

/// Reads who is known, the events of settled segments and the rows carried from them, then the rows
/// behind, by position, and hands them out in chunks while it runs; waits when too much of it is
/// still held. A lost connection is opened again and the scan goes on behind the last row; what was
/// settled meanwhile is read as the first connection saw it. Returns early when cancelled. Throws
/// `sql_failure` for what no repeating helps, and if a segment was dropped under its hands.
void replay_lane(const replay_options& options, const replay_sink& sink);

} // namespace carillon::persistence
