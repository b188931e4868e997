#pragma once

#include "messages/journal.hpp"

#include "persistence/postgres/link.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace carillon::persistence {

/// Which lane a writer writes, and under which lease.
struct lane_settings {
  std::string url;
  std::uint32_t lane = 0;
  std::string node;              ///< name of the lease row
  std::uint64_t epoch = 0;       ///< of that row when the lease was taken
  std::function<void()> on_slow; ///< a commit takes unusually long; from the writer's thread
};

/// Appends, each with at least one row, that are made durable together. Positions are given once: a
/// batch whose outcome is not known is looked up by them, and written again with the same ones.
struct lane_batch {
  std::vector<append*> appends;
  std::uint64_t first_position = 0; ///< 0: not yet given
  std::uint64_t last_position = 0;
  bool outcome_unknown = false; ///< a commit was under way when the connection was lost
  bool conflicted = false;      ///< rows with these keys or positions are there
};

enum class write_result {
  committed,
  fenced, ///< the lease is another's: nothing will ever be written under this epoch again
  later,  ///< nothing is decided: call again with the same batch
  data    ///< the database will not take these bytes; positions are free again
};

/// The body of a lane: one connection, one commit at a time. Used by one thread. Never writes an
/// append twice, never leaves a hole in the positions.
class lane_writer {
public:
  explicit lane_writer(lane_settings settings);

  /// Tries once to make the batch durable; connects if need be.
  write_result write(lane_batch& batch);

  /// Connects and reads where the lane stands, so that the first write is not the first try.
  write_result prepare();

  /// Position of the lane's newest row; 0 before the first connection.
  std::uint64_t last_position() const {
    return next_position_ == 0 ? 0 : next_position_ - 1;
  }

  /// What stood in the way at the last `later`, `fenced` or `data`, in one line.
  const std::string& problem() const {
    return problem_;
  }

  /// The server process at the other end, for tests; 0 if not connected.
  int server_process() const {
    return link_.is_open() ? link_.server_process() : 0;
  }

private:
  /// One table's part of a batch.
  struct stream {
    std::string table;
    std::string bytes;
    std::size_t rows = 0;
  };
  enum { journal_stream, ledger_stream, key_stream, blob_stream, stream_count };

  void open();
  write_result write_once(lane_batch& batch);
  std::uint64_t stored_position();
  write_result look_up(lane_batch& batch);
  void forget_positions(lane_batch& batch);
  write_result write_prepared(lane_batch& batch);
  void finished(const lane_batch& batch);
  void give_positions(lane_batch& batch);
  void encode(const lane_batch& batch);
  void encode_rows(const append& part);
  void encode_keys(const lane_batch& batch);
  void begin_streams();
  void build_command();
  void exchange();
  write_result failed(const sql_failure& why, lane_batch& batch);

  lane_settings settings_;
  link link_;
  std::uint64_t next_position_ = 0; ///< 0: not read yet
  int segment_ = 1;
  stream streams_[stream_count];
  std::string dropped_keys_; ///< a statement that deletes keys, or empty
  std::string command_;
  std::string problem_;
  std::uint64_t encoded_first_ = 0; ///< the batch that is in the streams, by its first position
  bool exchanging_ = false;         ///< the commit may have been sent
  bool segment_gone_ = false;       ///< the segment takes no more rows: there is a newer one
};

} // namespace carillon::persistence
