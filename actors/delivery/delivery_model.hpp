#pragma once

#include "messages/catalogue.hpp"
#include "messages/engine.hpp"

#include "actors/delivery/notification.hpp"
#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace carillon {

/// What decides how often, how long and what then.
struct delivery_policy {
  const retry_settings* retry = nullptr;
  const delivery_settings* calls = nullptr;
  category_policy category;
};

/// The brain of one notification: walks its steps. Pure: time and chance are arguments. Each method
/// folds the facts it decides and returns them, oldest first, to be journaled. docs/delivery.md
/// tells the rules in words.
class delivery_model {
public:
  using facts = std::vector<fact>;

  delivery_model(notification_state state, delivery_policy policy)
      : state_(std::move(state)), policy_(policy) {}

  [[nodiscard]] const notification_state& state() const noexcept {
    return state_;
  }

  /// What a deadline, a restart or a new day brings: lost calls, unknown outcomes to settle,
  /// expiry, time-outs. `calling` are the numbers of the attempts whose answers are still awaited.
  facts wake(timestamp now, std::span<const std::uint16_t> calling);

  /// The steps on which something is to be done now.
  [[nodiscard]] std::vector<std::uint8_t> due_steps(timestamp now) const;

  /// The gates' or sender's word against a step.
  facts hold_back(const step_verdict& v, timestamp now);

  /// The number of the next attempt, if `pending` more are about to begin.
  [[nodiscard]] std::uint16_t next_number(std::size_t pending) const noexcept;

  /// The fact that a call rests on; folded by `begin` once it is durable.
  [[nodiscard]] attempt_started intent(std::uint8_t step, std::uint16_t number, const permit& p,
                                       hash16 content, timestamp now) const;
  void begin(const attempt_started& f, timestamp at);

  /// What the call came to. `jitter` is in [-1, 1].
  facts outcome(std::uint16_t number, const call_outcome& o, timestamp now, double jitter);

  /// The intent was never carried out, because somebody cancelled in between.
  facts not_called(std::uint16_t number, timestamp retry_at, bool again);

  facts report(const provider_report& r, timestamp now);
  /// What a gate holds is due now: it may say something else today. Not a fact; if it holds again,
  /// that is one.
  void look_again() noexcept;

  facts confirm_in_app(status what, timestamp now);
  facts post_in_app(std::uint8_t step, timestamp now);
  facts cancel(reason why, const std::string& event_id, timestamp now);
  facts start_again(reason why, timestamp now);
  facts discard(const std::string& note, timestamp now);
  facts reschedule(timestamp send_at, timestamp expires_at, const std::string& event_id,
                   const hash16& dedupe, timestamp now);

  /// Of a planning: what the gates said of the first steps. In-app steps that may go are posted at
  /// once.
  facts plan(const notification_planned& f, std::span<const step_verdict> verdicts, timestamp now);

private:
  struct recorder;
  void chain(recorder& r) const;
  void settle(recorder& r) const;
  void time_out(recorder& r) const;
  [[nodiscard]] timestamp retry_time(const attempt_state& a, const call_outcome& o, timestamp now,
                                     double jitter) const;

  notification_state state_;
  delivery_policy policy_;
};

} // namespace carillon
