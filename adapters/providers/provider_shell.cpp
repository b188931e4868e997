#include "adapters/providers/provider_shell.hpp"

#include "messages/errors.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace carillon::providers {

namespace {

/// State of a provider's actor: the calls that are out, by ticket. The outcome comes from another
/// thread, and a response promise may only be touched by its actor; so it waits here.
class provider_state {
public:
  static inline const char* name = "provider";

  explicit provider_state(provider_actor::stateful_pointer<provider_state> self) : self_(self) {}

  provider_actor::behavior_type make_behavior(provider_settings settings,
                                              std::unique_ptr<provider> body) {
    settings_ = std::move(settings);
    body_ = std::move(body);
    return {
        [this](const provider_call& m) { return on_call(m); },
        [this](const raw_callback& m) { return body_->read_callback(m); },
        [this](const http_finished& m) { on_finished(m); },
        [this](const get_health&) { return on_health(); },
    };
  }

private:
  using promise = caf::typed_response_promise<call_outcome>;

  promise on_call(const provider_call& m) {
    auto answer = self_->make_response_promise<call_outcome>();
    const auto ticket = ++last_ticket_;
    calls_.emplace(ticket, answer);
    body_->call(m, [ticket, me = caf::actor_cast<provider_actor>(self_)](call_outcome&& outcome) {
      caf::anon_send(
          me, http_finished{ticket, std::make_shared<const call_outcome>(std::move(outcome))});
    });
    return answer;
  }

  void on_finished(const http_finished& m) {
    auto node = calls_.extract(m.ticket);
    if (node.empty())
      return;
    const auto& outcome = *std::static_pointer_cast<const call_outcome>(m.response);
    ++ended_[static_cast<std::size_t>(outcome.what)];
    node.mapped().deliver(outcome);
  }

  health on_health() const {
    const nlohmann::json json = {
        {"name", settings_.name},
        {"kind", settings_.kind},
        {"channel", to_string(settings_.on)},
        {"calls", last_ticket_},
        {"in_flight", calls_.size()},
        {"accepted", ended_[static_cast<std::size_t>(call_outcome::kind::accepted)]},
        {"failed", ended_[static_cast<std::size_t>(call_outcome::kind::failed)]},
        {"unknown", ended_[static_cast<std::size_t>(call_outcome::kind::unknown)]},
    };
    return {true, json.dump()};
  }

  provider_actor::stateful_pointer<provider_state> self_;
  provider_settings settings_;
  std::unique_ptr<provider> body_;
  std::unordered_map<std::uint64_t, promise> calls_;
  std::uint64_t last_ticket_ = 0;
  std::array<std::uint64_t, 3> ended_{};
};
static_assert(!std::is_aggregate_v<provider_state>);

provider_actor::behavior_type provider_behavior(
    provider_actor::stateful_pointer<provider_state> self, const provider_settings& settings,
    std::shared_ptr<std::unique_ptr<provider>> body) {
  return self->state.make_behavior(settings, std::move(*body));
}

} // namespace

provider_actor spawn_provider(caf::actor_system& system, const provider_settings& settings,
                              std::unique_ptr<provider> body) {
  // CAF copies what it hands to a spawned function; the box makes the pointer copyable.
  auto box = std::make_shared<std::unique_ptr<provider>>(std::move(body));
  return system.spawn(provider_behavior, settings, std::move(box));
}

} // namespace carillon::providers
