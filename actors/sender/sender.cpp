#include "actors/sender/sender.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace carillon {

namespace {

using namespace std::chrono;

/// On top of the call's own time-out, by which the client answers.
constexpr auto client_margin = seconds{2};

call_outcome not_called(std::string code) {
  call_outcome o;
  o.what = call_outcome::kind::failed;
  o.error = error_class::not_called;
  o.error_code = std::move(code);
  return o;
}

call_outcome no_answer() {
  call_outcome o;
  o.error_code = "no_answer";
  return o;
}

/// A cancelled delivery, or one whose partition was restarted: a permit given to it would be lost.
bool is_dead(caf::typed_response_promise<permit_answer>& waiting) {
  const caf::response_promise& p = waiting;
  auto* who = caf::actor_cast<caf::abstract_actor*>(p.source());
  return who == nullptr || who->getf(caf::abstract_actor::is_cleaned_up_flag);
}

} // namespace

sender_actor::behavior_type sender_state::make_behavior(sender_arguments args) {
  args_ = std::move(args);
  model_.emplace(args_.providers, args_.calls, steady_now());
  for (std::size_t i = 0; i < args_.providers.size(); ++i)
    clients_.push_back(args_.clients.at(model_->provider(i).name));
  return {
      [this](const request_permit& m) { return on_request(m); },
      [this](const return_permit& m) {
        model_->give_back(m.number);
        pump();
      },
      [this](const provider_call& m) { return on_call(m); },
      [this](const tick_due&) {
        if (steady_now() < armed_)
          return; // an earlier or later tick took its place
        armed_ = time_point::max();
        drop_dead();
        give_up_overdue();
        pump();
      },
      [this](const get_health&) {
        return health{model_->breakers_open() == 0, model_->describe(steady_now())};
      },
      [this](const drain&) { return on_drain(); },
  };
}

/// The actor system's clock, so that tests move it; windows and pauses are durations.
sender_state::time_point sender_state::steady_now() const {
  return self_->clock().now();
}

caf::result<permit_answer> sender_state::on_request(const request_permit& m) {
  auto promise = self_->make_response_promise<permit_answer>();
  if (draining_)
    return promise; // never answered: what waits is durable and goes on after the restart
  auto ticket = next_ticket_++;
  waiting_.emplace(ticket, promise);
  model_->wait(ticket, m.lane, m.give_up_at);
  args_.count->permits_waiting.add();
  pump();
  return promise;
}

/// Forgets who stopped waiting, so that a long outage does not keep them.
void sender_state::drop_dead() {
  if (steady_now() - swept_ < seconds{1})
    return;
  swept_ = steady_now();
  for (auto ticket : model_->drop([this](std::uint64_t t) { return is_dead(waiting_.at(t)); })) {
    waiting_.erase(ticket);
    args_.count->permits_waiting.sub();
  }
}

void sender_state::pump() {
  auto more = !draining_;
  while (more) {
    more = false;
    for (auto& g : model_->pump(steady_now(), args_.time->now())) {
      auto i = waiting_.find(g.ticket);
      auto promise = std::move(i->second);
      waiting_.erase(i);
      args_.count->permits_waiting.sub();
      if (!is_dead(promise)) {
        promise.deliver(permit_answer{std::move(g.given), g.refused});
      } else if (g.refused == reason::none) {
        model_->give_back(g.given.number);
        more = true; // what was given in vain is for the next
      }
    }
  }
  arm();
}

void sender_state::arm() {
  auto next = model_->next_tick(steady_now());
  if (!overdue_.empty())
    next = std::min(next, overdue_.begin()->first);
  if (next >= armed_)
    return;
  armed_ = next;
  auto wait = next > steady_now() ? next - steady_now() : steady_clock::duration{0};
  self_->delayed_send(sender_actor{self_}, duration_cast<caf::timespan>(wait), tick_due{});
}

caf::result<call_outcome> sender_state::on_call(const provider_call& m) {
  auto provider = model_->start(m.permit_number, steady_now());
  if (!provider)
    return not_called("permit_expired");
  auto promise = self_->make_response_promise<call_outcome>();
  auto number = m.permit_number;
  calls_[number] = {promise, steady_now()};
  if (!args_.lease->outlives(m.timeout)) {
    // A call that outlives the lease could be made twice: here, and by whoever takes over.
    on_outcome(number, not_called("lease"));
    return promise;
  }
  args_.count->provider_calls.add();
  overdue_.emplace(steady_now() + m.timeout + client_margin, number);
  arm();
  self_->request(clients_[*provider], caf::infinite, m)
      .then([this, number](const call_outcome& o) { on_outcome(number, o); },
            [this, number](const caf::error& e) {
              spdlog::warn("provider's client did not answer: {}", render(e));
              on_outcome(number, no_answer());
            });
  return promise;
}

void sender_state::on_outcome(std::uint64_t permit_number, call_outcome o) {
  auto call = calls_.extract(permit_number);
  if (call.empty())
    return; // it was given up
  auto now = steady_now();
  args_.count->provider_time.record(
      static_cast<std::uint64_t>(duration_cast<microseconds>(now - call.mapped().started).count()));
  model_->finished(permit_number, o, now);
  args_.count->breaker_open.set(model_->breakers_open());
  call.mapped().promise.deliver(std::move(o));
  while (!overdue_.empty() && !calls_.contains(overdue_.begin()->second))
    overdue_.erase(overdue_.begin());
  pump();
  maybe_drained();
}

/// A client answers within the call's time-out; one that does not has died.
void sender_state::give_up_overdue() {
  while (!overdue_.empty() && overdue_.begin()->first <= steady_now()) {
    auto number = overdue_.begin()->second;
    overdue_.erase(overdue_.begin());
    if (calls_.contains(number))
      spdlog::warn("provider's client did not answer in time");
    on_outcome(number, no_answer());
  }
}

caf::result<drained> sender_state::on_drain() {
  draining_ = true;
  auto promise = self_->make_response_promise<drained>();
  drains_.push_back(promise);
  maybe_drained();
  return promise;
}

void sender_state::maybe_drained() {
  if (!calls_.empty())
    return;
  for (auto& promise : drains_)
    promise.deliver(drained{});
  drains_.clear();
}

sender_actor::behavior_type sender(sender_actor::stateful_pointer<sender_state> self,
                                   sender_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
