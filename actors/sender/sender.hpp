#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/sender/sender_model.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon {

struct sender_arguments {
  channel on = channel::sms;
  std::vector<provider_settings> providers;
  std::map<std::string, provider_actor> clients; ///< by the provider's name
  delivery_settings calls;
  const clock* time = nullptr;
  std::shared_ptr<const lease_view> lease;
  metrics* count = nullptr;
};

/// Permits and calls of one channel on one node: priority lanes, concurrency window, order and
/// health of providers. One a channel that has providers, spawned by the daemon. Never decides for
/// a message, keeps nothing over a restart.
class sender_state {
public:
  static inline const char* name = "sender";
  explicit sender_state(sender_actor::stateful_pointer<sender_state> self) : self_(self) {}
  sender_actor::behavior_type make_behavior(sender_arguments args);

private:
  using time_point = sender_model::time_point;
  caf::result<permit_answer> on_request(const request_permit& m);
  caf::result<call_outcome> on_call(const provider_call& m);
  void on_outcome(std::uint64_t permit_number, call_outcome o);
  void give_up_overdue();
  caf::result<drained> on_drain();
  void pump();
  void drop_dead();
  void arm();
  [[nodiscard]] time_point steady_now() const;
  void maybe_drained();

  sender_actor::stateful_pointer<sender_state> self_;
  sender_arguments args_;
  std::optional<sender_model> model_;
  std::unordered_map<std::uint64_t, caf::typed_response_promise<permit_answer>> waiting_;
  std::vector<provider_actor> clients_; ///< in the model's order
  std::vector<caf::typed_response_promise<drained>> drains_;
  /// A call that is out.
  struct open_call {
    caf::typed_response_promise<call_outcome> promise;
    time_point started;
  };
  std::unordered_map<std::uint64_t, open_call> calls_; ///< by permit number
  std::multimap<time_point, std::uint64_t> overdue_;   ///< when to give up which call
  time_point swept_;
  std::uint64_t next_ticket_ = 1;
  time_point armed_ = time_point::max();
  bool draining_ = false;
};

sender_actor::behavior_type sender(sender_actor::stateful_pointer<sender_state> self,
                                   sender_arguments args);

} // namespace carillon
