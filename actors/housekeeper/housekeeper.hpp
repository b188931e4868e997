#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/housekeeper/housekeeper_model.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace carillon {

/// What the housekeeper is spawned with. Everything outlives it.
struct housekeeper_arguments {
  store_actor store;
  const clock* time = nullptr;
  journal_settings with;
  metrics* count = nullptr; ///< null: nothing is counted
};

/// Looks after the segments of the journal, one round at a time, for as long as the node runs.
/// Whatever fails is tried again at the next look: until the store has settled a segment nothing
/// has changed. Reads no fact, and nobody waits for it to handle an event.
class housekeeper_state {
public:
  static inline const char* name = "housekeeper";

  explicit housekeeper_state(housekeeper_actor::stateful_pointer<housekeeper_state> self)
      : self_(self) {}

  housekeeper_actor::behavior_type make_behavior(housekeeper_arguments args);

private:
  using promise = caf::typed_response_promise<segments_listed>;
  struct round {
    tend_segments asked;
    std::optional<promise> whose; ///< absent: the clock's
    housekeeping_over over;
    housekeeping_step last; ///< that was tried
    std::string refused;    ///< the first thing that could not be done now
  };
  struct flushing;

  caf::result<segments_listed> on_tend(const tend_segments& what);
  void on_tick();
  void arm_tick();
  [[nodiscard]] health on_health() const;

  void begin_next();
  void ask_store(const tend_segments& what);
  void on_answer(const tend_segments& asked, const segments_listed& now);
  void proceed();
  void pass_over(tend_segments::verb what, const std::string& why);
  void finish();
  void fail(const caf::error& why);

  void on_partitions(const know_partitions& now);
  void flush(std::int32_t segment);
  void flush_next(const std::shared_ptr<flushing>& f);
  void on_flushed(const std::shared_ptr<flushing>& f, std::size_t partition,
                  std::uint64_t sequence);
  void on_not_flushed(const std::shared_ptr<flushing>& f, const std::string& why);

  void log_done(const tend_segments& what) const;
  void gauge() const;

  housekeeper_actor::stateful_pointer<housekeeper_state> self_;
  housekeeper_arguments args_;
  std::shared_ptr<const partition_table> partitions_; ///< null: not known yet
  std::deque<round> waiting_;
  std::optional<round> now_;
  segments_listed last_;               ///< what the store said last
  std::shared_ptr<flushing> flushing_; ///< of the round
  std::string trouble_;                ///< said in the log; empty: none
};

/// Spawn function of the housekeeper.
housekeeper_actor::behavior_type housekeeper(
    housekeeper_actor::stateful_pointer<housekeeper_state> self, housekeeper_arguments args);

} // namespace carillon
