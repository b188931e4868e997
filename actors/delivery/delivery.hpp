#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"
#include "messages/sealing.hpp"

#include "actors/delivery/delivery_model.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace carillon {

/// The sender of each channel; an empty handle where no provider is configured.
using sender_table = std::array<sender_actor, enum_count<channel>>;

/// What all deliveries of a node share.
struct delivery_services {
  std::shared_ptr<const sender_table> senders;
  const clock* time = nullptr;
  sealer* seal = nullptr;
  metrics* count = nullptr;
  retry_settings retry;
  delivery_settings calls;
};

struct delivery_arguments {
  partition_actor owner;
  std::shared_ptr<const delivery_services> services;
  tenant_id tenant;
  std::uint64_t generation = 0;
  notification_state state;
  category_policy category;
  delivery_context_ptr context; ///< or null: asked for when it is needed
  std::string trace;
};

/// One notification while something is to be done for it: takes each due step through gates,
/// permit, intent and call. Spawned and owned by its partition; says when it has nothing left to
/// do. Never writes, never calls a provider itself.
class delivery_state {
public:
  static inline const char* name = "delivery";
  explicit delivery_state(delivery_actor::stateful_pointer<delivery_state> self) : self_(self) {}
  delivery_actor::behavior_type make_behavior(delivery_arguments args);

private:
  /// Where one step stands on its way to a call.
  struct phase {
    enum class kind : std::uint8_t { peek, context, permit, intent, call };
    kind at = kind::peek;
    std::uint32_t request = 0; ///< for a permit; a grant for an abandoned one goes back
    permit granted;
    std::uint16_t attempt = 0;
    std::shared_ptr<const rendered_message> message;
    hash16 content;
  };

  caf::result<answer> on_command(const delivery_command& m);
  caf::result<answer> on_cancel(const delivery_command& m);
  answer on_again(const delivery_command& m);
  answer cancel_answer() const;
  void resolve_cancels();

  void pump();
  void begin(std::uint8_t step);
  void peek(std::uint8_t step);
  void ask_context(std::uint8_t step);
  void have_context(std::uint8_t step);
  void post(std::uint8_t step);
  void ask_permit(std::uint8_t step);
  void have_permit(std::uint8_t step, std::uint32_t request, const permit_answer& m);
  void abandon_requests();
  void intend(std::uint8_t step);
  void on_intent(std::uint8_t step, const attempt_started& f, const proposal_answer& m);
  void carry_out(std::uint8_t step, const attempt_started& f, timestamp at);
  void wait_for_store(std::uint8_t step);
  void call(std::uint8_t step);
  void on_outcome(std::uint8_t step, const call_outcome& o);
  void leave(std::uint8_t step);
  void return_to_sender(std::uint8_t step, std::uint64_t permit_number);
  void give_back(std::uint8_t step);
  void hold_back(std::uint8_t step, const step_verdict& v);
  void suppress(std::uint8_t step, reason why, check by);

  /// Hands decided facts to the partition, and says so if nothing is left to do.
  void record(delivery_model::facts facts);
  [[nodiscard]] bool idle() const;
  [[nodiscard]] bool calling() const;
  [[nodiscard]] bool wanted(std::uint8_t step) const;
  [[nodiscard]] std::vector<std::uint16_t> awaited() const;
  [[nodiscard]] channel channel_of(std::uint8_t step) const;
  [[nodiscard]] propose proposal() const;
  void fail();

  delivery_actor::stateful_pointer<delivery_state> self_;
  delivery_arguments args_;
  std::optional<delivery_model> model_;
  std::vector<std::optional<phase>> phases_;
  std::vector<caf::typed_response_promise<answer>> cancels_;
  std::string cancel_note_;
  reason cancel_why_ = reason::none;
  std::uint64_t handled_ = 0;
  std::uint32_t last_request_ = 0;
  std::minstd_rand chance_;
  bool retiring_ = false;
};

delivery_actor::behavior_type delivery(delivery_actor::stateful_pointer<delivery_state> self,
                                       delivery_arguments args);

} // namespace carillon
