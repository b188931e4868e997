#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"
#include "messages/sealing.hpp"

#include "actors/delivery/delivery.hpp"
#include "actors/partition/partition_model.hpp"
#include "actors/support/give.hpp"
#include "config/settings.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace carillon {

/// What all partitions of a node share.
struct partition_services {
  std::shared_ptr<const delivery_services>
      deliveries; ///< senders, clock, sealer, metrics, policies
  std::array<window_limits, enum_count<channel>> limits;
  partition_limits memory;
  const catalogue_cell* catalogue = nullptr;
  hub_actor hub;
  /// On their way at once in one partition and channel, so that a slow provider holds up its own
  /// channel alone; critical ones are never counted out.
  std::uint32_t most_deliveries = 64;
};

struct partition_arguments {
  partition_id id;
  journal_actor lane;
  store_actor store;
  supervisor_actor supervisor; ///< told when replay is done; may be empty
  std::shared_ptr<const partition_services> services;
};

/// Owner of everything that happens to its recipients: plans, dedupes, numbers and appends all
/// their facts, and lets no answer or effect out before what it rests on is durable. Spawned and
/// restarted by the supervisor; if an append fails it stops with its children and is replayed.
/// Never calls a provider.
class partition_state {
public:
  static inline const char* name = "partition";
  explicit partition_state(partition_actor::stateful_pointer<partition_state> self) : self_(self) {}
  partition_actor::behavior_type make_behavior(partition_arguments args);

private:
  /// One fact on its way into the journal.
  struct pending_fact {
    notification_id id; ///< nil where it is about none
    recipient_id recipient;
    fact body;
    std::string sealed;
  };
  /// All facts of one input: one append.
  struct input {
    tenant_id tenant;
    timestamp at;
    std::vector<pending_fact> facts;
    std::vector<wrapped_key> keys;
    std::string trace;
  };
  /// A delivery actor that is alive.
  struct running {
    delivery_actor handle;
    std::uint64_t generation = 0;
    std::uint64_t sent = 0; ///< commands
    std::size_t on = 0;     ///< the channel where it counts
  };
  /// A delivery that waits for its turn. The first ones keep what was put together when they were
  /// planned; the others read it back.
  struct queued {
    notification_id id;
    delivery_context_ptr context;
    std::string trace;
  };
  /// Of one channel: how many deliveries are alive, and who waits for its turn, by priority.
  struct channel_load {
    std::size_t alive = 0;
    std::size_t contexts = 0;
    std::array<std::deque<queued>, enum_count<priority>> backlog;
  };
  struct tally;
  struct planning;
  struct candidate;
  using planning_ptr = std::shared_ptr<planning>;
  struct saving;
  /// One fact of a replay that says something about a person.
  struct replayed {
    applied_fact what;
    std::uint64_t sequence = 0;
  };
  using answer_promise = caf::typed_response_promise<answer>;
  using entry_action = std::function<void(notification_entry*)>;

  // -- journal (partition.cpp)
  std::uint64_t commit(input in);
  journal_row encode(const input& in, const pending_fact& f, std::uint64_t sequence) const;
  void fold_person(const applied_fact& f, std::uint64_t sequence);
  void tell_children(const std::vector<applied_fact>& facts, bool durable);
  void project(append& a, const notification_id& id, bool created);
  /// With no error once everything up to `sequence` is durable, or with why it never will be.
  using effect = std::function<void(const caf::error&)>;
  void after_durable(std::uint64_t sequence, effect run);
  template <class T>
  void answer_after(std::uint64_t sequence, caf::typed_response_promise<T> promise, T value) {
    after_durable(sequence, [promise, value = std::move(value)](const caf::error& failed) mutable {
      if (failed)
        return give(promise, failed);
      give(promise, std::move(value));
    });
  }
  void on_append_failed(const caf::error& e, std::uint64_t last_sequence);
  void on_appended(const appended& a);
  void on_projected(const projected& m);
  void gauge();
  void show_frames(const tenant_id& tenant, const recipient_id& recipient, std::uint64_t sequence);
  wrapped_key key_row(const tenant_id& tenant, const recipient_id& recipient,
                      const std::string& wrapped) const;
  recipient_entry& key_for(const tenant_id& tenant, const recipient_id& recipient, input& in);

  // -- replay (replay.cpp)
  void on_replay(const replay_rows& m);
  void on_replay_end(const replay_end& m);
  void take_in();
  void read_orphans(const replay_chunk_ptr& chunk);
  void ask_for_orphans();
  void fold_chunk(const replay_chunk& chunk);
  bool fold_row(const journal_row& row, bool settled, std::vector<replayed>& out);
  void fold_people(const std::vector<replayed>& facts);
  void finish_replay();
  void take_up_work();
  caf::result<drained> on_drain();
  void maybe_drained();

  // -- who is in memory (residence.cpp)
  using presence = recipient_residence::presence;
  template <class Then>
  void with_person(const tenant_id& tenant, const recipient_id& recipient, Then then) {
    if (!model_->residence.is_absent(tenant, recipient))
      return then();
    with_people({{tenant, recipient}}, std::move(then));
  }
  void with_people(std::vector<person> absent, std::function<void()> then);
  void read_people(read_snapshots q);
  void on_people(const read_snapshots& asked, const snapshots_read& found);
  bool install(const person_read& x, apply_facts& gate, restore_people& limits,
               restore_people& inboxes);
  caf::result<people_flushed> on_flush_people();
  void answer_flushes();
  std::shared_ptr<saving> take_unsaved();
  void save_people();
  void on_collected(const std::shared_ptr<saving>& s);
  void write_snapshots(const std::shared_ptr<saving>& s);
  void on_saved(const std::shared_ptr<saving>& s, const save_snapshots& what);
  void make_room();
  void try_later();
  void on_tick();

  // -- planning (planning.cpp)
  caf::result<events_answer> on_plan(plan_events& m);
  std::vector<person> absent_people(const plan_events& m);
  caf::result<events_recalled> on_recall(const recall_events& m);
  void recall_forgotten(const planning_ptr& p);
  void recalled(const planning_ptr& p);
  void sort_out(const planning_ptr& p);
  void answer_repeat(const planning_ptr& p, std::size_t index,
                     const std::vector<notification_id>& ids);
  void prepare(const planning_ptr& p, std::size_t index, plan_item item);
  bool try_reschedule(const planning_ptr& p, std::size_t index, const plan_item& item);
  void ask_gates(const planning_ptr& p);
  void write_plan(const planning_ptr& p);
  void write_candidate(const planning_ptr& p, candidate& c, input& in);
  void keep_event(const event& e, const hash16& key, input& in);
  void launch_planned(const planning_ptr& p);
  void finish(const planning_ptr& p);
  std::string rendered_in_app(candidate& c, step_verdict& v);

  // -- deliveries (deliveries.cpp)
  void launch(const notification_id& id, delivery_context_ptr context, const std::string& trace,
              bool small = true);
  void run(const notification_id& id, notification_entry& e, delivery_context_ptr context,
           const std::string& trace);
  void enqueue(channel_load& load, std::size_t lane, queued q);
  void run_backlog(channel_load& load);
  void move_load(const notification_id& id);
  void drop_context(const notification_id& id);
  void on_due(const deadlines_due& m);
  void wake(const notification_id& id);
  bool arm(notification_entry& e);
  caf::result<proposal_answer> on_propose(propose& m);
  proposal_answer take_proposal(propose& m);
  void ask(const std::shared_ptr<propose>& m, caf::typed_response_promise<proposal_answer> promise);
  void on_verdict(const std::shared_ptr<propose>& m, const assessment& a, std::uint64_t version,
                  caf::typed_response_promise<proposal_answer> promise);
  void release(const notification_id& id);
  caf::result<delivery_context_ptr> on_get_context(const get_context& m);
  void read_context(const get_context& m,
                    caf::typed_response_promise<delivery_context_ptr> promise);
  std::shared_ptr<delivery_context> context_for(const tenant_id& tenant, recipient_entry& r,
                                                const recipient_id& recipient,
                                                const std::string& template_name,
                                                std::uint32_t template_version);
  delivery_context_ptr make_context(const notification_entry& e,
                                    const std::vector<journal_row>& rows);
  std::optional<step_verdict> impossible(const recipient_entry* r, std::uint8_t step,
                                         channel on) const;
  running* find_running(const notification_id& id, std::uint64_t generation);

  // -- commands (commands.cpp)
  caf::result<answer> on_notification(const notification_command& m);
  caf::result<answer> on_report(const provider_report& m);
  void show(const tenant_id& tenant, const notification_id& id, answer_promise promise);
  void tell(const notification_command& m, answer_promise promise);
  void command(notification_entry& e, delivery_command c, std::function<void(const answer*)> then);
  void with_entry(const tenant_id& tenant, const notification_id& id, entry_action then,
                  std::function<void(const caf::error&)> failed = {});
  caf::result<claim_answer> on_claim(const claim_request& m);
  caf::result<caf::unit_t> on_complete(const complete_request& m);

  // -- people (people.cpp)
  caf::result<answer> on_recipient(const recipient_command& m);
  answer handle(const recipient_command& m);
  answer change_profile(const recipient_command& m);
  answer change_preferences(const recipient_command& m);
  answer change_device(const recipient_command& m);
  answer add_consent(const recipient_command& m);
  answer list_consents(const recipient_command& m);
  answer show_profile(const recipient_command& m);
  answer show_preferences(const recipient_command& m);
  answer erase(const recipient_command& m);
  void wake_held(const tenant_id& tenant, const recipient_id& recipient);
  caf::result<answer> on_inbox(const inbox_command& m);
  caf::result<inbox_resumed> on_resume(const resume_inbox& m);
  void change_inbox(const inbox_command& m, const inbox_proposal& p, answer_promise promise);

  [[nodiscard]] timestamp now() const {
    return args_.services->deliveries->time->now();
  }
  [[nodiscard]] metrics& count() const {
    return *args_.services->deliveries->count;
  }
  [[nodiscard]] sealer& seal() const {
    return *args_.services->deliveries->seal;
  }
  [[nodiscard]] caf::error unavailable() const;
  [[nodiscard]] notification_id new_id(timestamp at);
  caf::result<health> on_health() const;

  partition_actor::stateful_pointer<partition_state> self_;
  partition_arguments args_;
  std::optional<partition_model> model_;
  preference_gate_actor gate_;
  rate_limiter_actor limiter_;
  scheduler_actor scheduler_;
  inbox_actor inbox_;

  bool ready_ = false;
  bool draining_ = false;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t durable_sequence_ = 0;
  std::deque<std::pair<std::uint64_t, effect>> effects_; ///< in order of sequence
  std::deque<std::pair<std::uint64_t, std::uint64_t>>
      positions_;                         ///< (position, sequence) of durable appends
  std::deque<replay_chunk_ptr> incoming_; ///< of the replay, not folded yet
  std::optional<replay_end> incoming_end_;
  bool folding_ = false;   ///< a chunk waits for what it needs
  bool taking_in_ = false; ///< further up in the stack
  std::vector<std::pair<std::uint64_t, notification_id>> to_project_; ///< replayed, by position
  struct orphans;
  std::shared_ptr<orphans> orphans_; ///< of the chunk that is folded next

  /// Somebody waits until so many more people are there.
  struct waiting {
    std::size_t absent = 0;
    std::function<void()> then;
    presence here; ///< who came first stays until the last is there
  };
  absl::flat_hash_map<person, std::vector<std::shared_ptr<waiting>>> reading_;
  std::vector<person> unread_; ///< the database did not answer
  std::shared_ptr<saving> saving_;
  std::deque<std::pair<std::uint64_t, caf::typed_response_promise<people_flushed>>> flushes_;
  bool retry_armed_ = false;
  absl::flat_hash_map<notification_id, running> running_;
  std::array<channel_load, enum_count<channel>> loads_;
  std::vector<caf::typed_response_promise<drained>> drains_;
  std::uint64_t generation_ = 0;
  /// This partition's share of the node's gauges.
  struct share {
    std::size_t notifications = 0;
    std::size_t people = 0;
  };
  std::shared_ptr<share> shown_ = std::make_shared<share>();
  std::mt19937_64 random_;
};

partition_actor::behavior_type partition(partition_actor::stateful_pointer<partition_state> self,
                                         partition_arguments args);

} // namespace carillon
