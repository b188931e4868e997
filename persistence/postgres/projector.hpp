#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "persistence/postgres/projection_writer.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace carillon::persistence {

/// What a projector is spawned with.
struct projector_options {
  std::string url;
  std::uint32_t lane = 0;
  std::uint32_t lanes = 1;
  projector_lease lease;
  std::shared_ptr<carillon::metrics> metrics; ///< may be null
  std::chrono::milliseconds fold_for{200};    ///< how long changes gather
};

/// Writes the read models of one lane. Spawn it detached. Changes gather for a moment and are
/// written in one commit with the position; while the database is away they go on gathering, one
/// line per notification.
class projector_state {
public:
  static inline const char* name = "projector";
  explicit projector_state(projector_actor::stateful_pointer<projector_state> self);
  projector_actor::behavior_type make_behavior(projector_options options);

private:
  using time_point = std::chrono::steady_clock::time_point;

  void on_batch(const committed_batch& batch);
  void on_fold();
  drained on_drain();
  bool write();
  bool confirm();
  void tell_partitions();
  time_point wake_in(std::chrono::milliseconds delay);
  std::chrono::milliseconds back_off();

  projector_actor::stateful_pointer<projector_state> self_;
  projector_options options_;
  std::unique_ptr<projection_writer> writer_;
  fold gathered_;
  std::shared_ptr<const partition_table> partitions_;
  std::uint64_t written_position_ = 0;
  std::chrono::milliseconds backoff_{0};
  bool has_news_ = false;
  time_point write_at_;
  bool confirming_ = false;
  time_point confirm_at_;
};

projector_actor::behavior_type projector(projector_actor::stateful_pointer<projector_state> self,
                                         projector_options options);

} // namespace carillon::persistence
