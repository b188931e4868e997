#pragma once

#include "messages/facts.hpp"
#include "messages/people.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

/// A row of the journal or the ledger, as the lane writes and reads it: encoded by the partition,
/// so that the lane's thread only copies bytes.
struct journal_row {
  partition_id partition;
  std::uint64_t sequence = 0; ///< per partition, from 1, dense over journal and ledger together
  std::uint64_t position = 0; ///< per lane, from 1, dense; given by the lane
  timestamp recorded_at;
  tenant_id tenant;
  notification_id notification; ///< nil where it is about none
  fact_type type = fact_type::event_received;
  std::uint16_t schema = 1;
  std::string body;
  std::string sealed;
  std::string trace; ///< W3C trace id, or empty
};

/// A recipient's data key, wrapped by the master key.
struct wrapped_key {
  partition_id partition;
  tenant_id tenant;
  recipient_id recipient;
  std::string wrapped; ///< empty: the key is dropped
};

/// Content too large for a fact (over 64 KiB), sealed, beside it: a start does not read it.
struct blob {
  std::size_t row = 0; ///< of the append; its own `sealed` is empty
  std::string sealed;
};

/// A notification as lists show it.
struct notification_view {
  notification_id id;
  tenant_id tenant;
  recipient_id recipient;
  std::string event_id;
  hash16 dedupe;
  std::string type;
  category in = category::transactional;
  priority at = priority::normal;
  timestamp created_at;
  timestamp send_at;
  timestamp expires_at;
};

/// What an append did to one notification's line in the read model. `created` is set where the line
/// may be new, which is in the append that planned it, and after a restart.
struct projection {
  notification_id id;
  status now = status::accepted;
  reason why = reason::none;
  channel on = channel::sms;
  bool has_channel = false;
  bool open = true; ///< a fact, an answer or a deadline may still move it
  timestamp updated_at;
  std::shared_ptr<const notification_view> created;
};

/// Everything one partition hands to its lane at once: durable together or not at all.
struct append {
  partition_id partition;
  std::vector<journal_row> rows; ///< consecutive sequences
  std::vector<wrapped_key> keys;
  std::vector<blob> blobs;
  std::vector<projection> projections;
};

/// The append is durable.
struct appended {
  std::uint64_t last_sequence = 0;
  std::uint64_t last_position = 0;
};

/// What a committed batch means to the read models; from the lane to its projector.
struct committed_batch {
  std::uint32_t lane = 0;
  std::uint64_t last_position = 0;
  std::vector<projection> projections;
};

/// Replay. Lane to partition: who is known and what was planned, then the rows of notifications
/// that were open when their segment was settled, then those behind it, in order, then the end. The
/// chunk's memory is released by the partition when it drops the pointer, which is what lets the
/// scan go on.
struct replay_chunk {
  std::vector<known_person> people;
  std::vector<remembered_event> events;
  std::vector<journal_row> rows;
  bool settled = false; ///< what these rows say about people is in their snapshots
};
using replay_chunk_ptr = std::shared_ptr<const replay_chunk>;

struct replay_rows {
  replay_chunk_ptr chunk;
};
struct replay_end {
  std::uint64_t next_sequence = 1;
  std::uint64_t projected_position = 0; ///< what the read models already hold
};

/// The read models hold everything up to this position of the lane.
struct projected {
  std::uint64_t position = 0;
};

enum class journal_state : std::uint8_t { ok, slow, down, fenced };
template <>
struct enum_names<journal_state> {
  static constexpr std::array<std::string_view, 4> values{"ok", "slow", "down", "fenced"};
};

/// How a lane fares; sent when it changes.
struct journal_health {
  std::uint32_t lane = 0;
  journal_state state = journal_state::ok;
  std::uint64_t pending_bytes = 0;
  std::string detail;
};

} // namespace carillon
