#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include <absl/container/flat_hash_map.h>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace carillon {

struct intake_arguments {
  const catalogue_cell* catalogue = nullptr;
  const clock* time = nullptr;
  metrics* count = nullptr;
  std::size_t memory_budget = std::size_t{1}
                              << 30; ///< bytes of accepted work that is not durable yet
};

/// Turns events into plan items by the rules and gives each touched partition its part; routes
/// everything else to the owner. One a node. Refuses with `overloaded` or `journal_unavailable`
/// under pressure. Parses no HTTP, keeps no durable state.
class intake_state {
public:
  static inline const char* name = "intake";
  explicit intake_state(intake_actor::stateful_pointer<intake_state> self) : self_(self) {}
  intake_actor::behavior_type make_behavior(intake_arguments args);

private:
  static constexpr std::chrono::seconds plan_timeout{9}; ///< less than an HTTP request's 10 s
  struct submission;
  using submission_ptr = std::shared_ptr<submission>;

  caf::result<events_answer> on_events(const submit_events& m);
  caf::result<answer> on_notification(const submit_notification& m);
  void plan(const submission_ptr& s, std::size_t index, const event_ptr& e);
  event_plan& part(submission& s, partition_id p, std::size_t index, const event_ptr& e);
  void recall(const submission_ptr& s);
  void recalled(const submission_ptr& s, std::size_t index, const caf::expected<bool>& known);
  bool keep_acting(const submission_ptr& s);
  void send_parts(const submission_ptr& s);
  void on_part(const submission_ptr& s, partition_id p, const events_answer& a);
  void part_answered(std::uint64_t number, const events_answer& a);
  template <class F>
  void give_up(F hopeless);
  void give_up_overdue();
  void finish(const submission_ptr& s);
  void on_partitions(const know_partitions& m);
  void on_health(const journal_health& m);
  [[nodiscard]] caf::error pressure() const;
  template <class Answer, class Message>
  caf::result<Answer> route(partition_id p, const Message& m);

  intake_actor::stateful_pointer<intake_state> self_;
  intake_arguments args_;
  std::shared_ptr<const partition_table> owners_;
  std::map<std::uint32_t, journal_health> lanes_;
  std::size_t in_flight_ = 0; ///< bytes
  /// A partition that was asked. Time-outs are swept here: a timer of the actor system for each
  /// question would cost more than the question.
  struct question {
    submission_ptr about;
    partition_id whom;
    std::chrono::steady_clock::time_point asked;
  };
  absl::flat_hash_map<std::uint64_t, question> questions_;
  std::uint64_t last_question_ = 0;
  std::chrono::steady_clock::time_point swept_;
  std::mt19937_64 random_;
  bool draining_ = false;
};

intake_actor::behavior_type intake(intake_actor::stateful_pointer<intake_state> self,
                                   intake_arguments args);

} // namespace carillon
