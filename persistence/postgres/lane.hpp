#pragma once

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "persistence/postgres/lane_writer.hpp"

#include <bitset>
#include <deque>
#include <functional>
#include <list>
#include <memory>

namespace carillon::persistence {

/// What a lane is spawned with.
struct lane_options {
  lane_settings writer;
  projector_actor projector;                  ///< gets each committed batch; may be empty
  std::shared_ptr<carillon::metrics> metrics; ///< may be null
  std::function<void(const journal_health&)>
      on_health; ///< from the lane's thread: state, or backlog, changed
  std::size_t rows_per_commit = 16'384;
  std::size_t bytes_per_commit = std::size_t{8} << 20;
  std::chrono::milliseconds hold_position_for{5'000}; ///< after a replay, see tell_projector
};

/// A journal lane on PostgreSQL: gathers appends while a commit is under way and writes them as one
/// batch. Spawn it detached: it waits for the database in its handlers. While the database is away
/// it keeps what it took and tries again; only a fenced lane and rows that no database would take
/// are refused, the latter together with everything the same partition appended after them, until
/// that partition is loaded again. An append without rows only brings projections: those of facts
/// that were durable before the last start but not yet in the read models.
class lane_state {
public:
  static inline const char* name = "journal";
  explicit lane_state(journal_actor::stateful_pointer<lane_state> self);
  ~lane_state();
  journal_actor::behavior_type make_behavior(lane_options options);

private:
  using reply = caf::typed_response_promise<appended>;
  struct entry {
    append what;
    reply answer;
    std::uint64_t number = 0; ///< in the order of arrival
    std::size_t bytes = 0;
  };
  struct load {
    load_partitions what;
    caf::typed_response_promise<caf::unit_t> answer;
    std::uint64_t after = 0;              ///< the last append that came before it
    std::shared_ptr<struct load_run> run; ///< null until started
  };

  reply on_append(append& what);
  caf::typed_response_promise<caf::unit_t> on_load(const load_partitions& what);
  caf::typed_response_promise<drained> on_drain();
  void on_flush();

  void arm();
  void arm_later();
  void take_batch();
  void settle_batch();
  void acknowledge();
  void answer_written(entry& item);
  void tell_projector(std::vector<projection> changes);
  void isolate();
  void refuse_partition(partition_id partition, errc code);
  void refuse_all(errc code);
  void refuse(entry& item, errc code);
  void tell(journal_state state);
  void tell_pending();
  void report();
  void start_loads();
  void start_load(load& item);
  void finish_loads();
  void hold_position();
  void finish_drain();

  journal_actor::stateful_pointer<lane_state> self_;
  lane_options options_;
  std::unique_ptr<lane_writer> writer_;
  std::deque<entry> gathered_;
  std::deque<entry> writing_; ///< the batch that is tried, in order
  lane_batch batch_;
  std::size_t alone_ = 0; ///< so many appends are written one by one: one of them was bad
  std::uint64_t last_number_ = 0;
  std::bitset<256> refused_; ///< partitions that must load before they append
  std::list<load> loads_;
  std::vector<caf::typed_response_promise<drained>> drains_;
  journal_state health_ = journal_state::ok;
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t told_bytes_ = 0;
  bool armed_ = false;
  bool fenced_ = false;
  std::chrono::steady_clock::time_point not_before_;
  std::chrono::milliseconds backoff_{0};
  std::string logged_problem_;
  std::uint64_t committed_position_ = 0;
  std::uint64_t told_position_ = 0; ///< the last one that the projector got
  std::chrono::steady_clock::time_point hold_position_until_;
};

journal_actor::behavior_type lane(journal_actor::stateful_pointer<lane_state> self,
                                  lane_options options);

} // namespace carillon::persistence
