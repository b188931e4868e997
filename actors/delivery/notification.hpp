#pragma once

#include "messages/facts.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

/// What never changes after planning. Shared by all notifications of one rule item and partition,
/// so that a waiting notification costs only what differs.
struct notification_plan {
  std::string type;
  category in = category::transactional;
  priority at = priority::normal;
  strategy by = strategy::fallback;
  std::vector<planned_step> steps;
  std::string template_name;
  std::uint32_t template_version = 0;
  std::uint64_t catalogue_version = 0;
  friend bool operator==(const notification_plan&, const notification_plan&) = default;
};
using notification_plan_ptr = std::shared_ptr<const notification_plan>;

/// One call and what became of it.
struct attempt_state {
  std::uint16_t number = 0;
  std::uint8_t step = 0;
  status now = status::sending; ///< sending, sent, delivered, read, clicked, bounced, failed,
                                ///< outcome_unknown
  error_class error = error_class::none;
  bool silent = false;
  std::string provider;
  std::string provider_message_id;
  std::string error_code;
  timestamp started_at;
  timestamp finished_at;
  timestamp retry_at;
  timestamp settle_at;
  timestamp answer_by;
  friend bool operator==(const attempt_state&, const attempt_state&) = default;
};

/// One step of the chain.
struct step_state {
  status now = status::accepted;
  reason why = reason::none;
  bool ended = false; ///< nothing more is called for it
  bool timed = false; ///< its time-out runs, from `first_call`
  std::uint16_t calls = 0;
  std::uint16_t soft_bounces = 0;
  timestamp wake; ///< hold or retry: when it is due; no_time: at once
  timestamp first_call;
  friend bool operator==(const step_state&, const step_state&) = default;
};

/// The fold over one notification's facts.
struct notification_state {
  notification_id id;
  recipient_id recipient;
  notification_plan_ptr plan;
  std::string event_id;
  std::string source;
  std::string correlation_key;
  hash16 dedupe;
  std::uint16_t ordinal = 0;
  std::uint8_t current = 0;      ///< the step the chain stands at
  bool fresh = true;             ///< the gates looked at it in this very input
  bool finished = false;         ///< the chain ended
  status now = status::accepted; ///< kept by the fold
  reason why = reason::none;
  timestamp created_at;
  timestamp updated_at;
  timestamp send_at;
  timestamp expires_at;
  std::vector<step_state> steps;
  std::vector<attempt_state> attempts;
  friend bool operator==(const notification_state&, const notification_state&) = default;
};

/// Applies one fact. Total: a fact that does not fit changes nothing but `updated_at`.
void apply(notification_state& s, const fact& f, timestamp at);

/// The channel the notification's status stands on, by index of step.
std::uint8_t leading_step(const notification_state& s) noexcept;

/// How far along the way to the reader a status is; 0: not accepted by anyone.
int rank(status x) noexcept;

/// What the notification as a whole stands at.
status overall(const notification_state& s) noexcept;

/// Whether the step got as far as its plan asks.
bool reached(const notification_state& s, std::uint8_t step) noexcept;

/// Whether a status means that a provider, or the inbox, has it: sent, delivered, read or clicked.
bool accepted(status x) noexcept;

/// The attempt with that number, or null.
attempt_state* find_attempt(notification_state& s, std::uint16_t number) noexcept;
const attempt_state* find_attempt(const notification_state& s, std::uint16_t number) noexcept;

/// A call without an outcome on that step, or null.
const attempt_state* open_attempt(const notification_state& s, std::uint8_t step) noexcept;

/// When something is to be looked at again without anyone asking; far_future: never. An open call
/// has no deadline of its own: whoever makes it answers.
timestamp deadline_of(const notification_state& s) noexcept;

/// Whether a call is out of which nobody knows yet what came.
bool has_open_call(const notification_state& s) noexcept;

/// Whether anything may still come of it by itself: it is not over, waits for a deadline, or a call
/// is out.
bool is_open(const notification_state& s) noexcept;

} // namespace carillon
