#pragma once

#include "messages/enums.hpp"
#include "messages/ids.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

/// The facts of the journal. A fact is what happened, in the past tense; it never changes meaning.
/// Each has a schema number and a list of named fields: the names are the stored form
/// (docs/journal.md), so a field is added, never renamed. Absent fields read as their default. What
/// must be protected is not a field: it travels beside the fact as sealed bytes, whose plain form
/// is said in the comment.
namespace carillon {

/// The stored code of a fact; the names are those of the API's timeline. Append only.
enum class fact_type : std::uint8_t {
  event_received,
  notification_planned,
  rescheduled,
  step_held,
  step_suppressed,
  attempt_started,
  attempt_succeeded,
  attempt_failed,
  outcome_unknown,
  outcome_settled,
  fallback_taken,
  provider_reported,
  cancelled,
  expired,
  dead_lettered,
  replayed,
  discarded,
  in_app_posted,
  in_app_changed,
  request_claimed,
  request_answered,
  recipient_changed,
  recipient_erased,
  preferences_changed,
  consent_recorded,
  device_changed
};
template <>
struct enum_names<fact_type> {
  static constexpr std::array<std::string_view, 26> values{
      "event_received",    "notification_planned",
      "rescheduled",       "step_held",
      "step_suppressed",   "attempt_started",
      "attempt_succeeded", "attempt_failed",
      "outcome_unknown",   "outcome_settled",
      "fallback_taken",    "provider_reported",
      "cancelled",         "expired",
      "dead_lettered",     "replayed",
      "discarded",         "in_app_posted",
      "in_app_changed",    "request_claimed",
      "request_answered",  "recipient_changed",
      "recipient_erased",  "preferences_changed",
      "consent_recorded",  "device_changed"};
};

/// `ledger` facts are not dropped by time; `journal` facts go with their segment.
enum class fact_family : std::uint8_t { journal, ledger };

constexpr fact_family family_of(fact_type t) noexcept {
  return t >= fact_type::recipient_changed ? fact_family::ledger : fact_family::journal;
}

/// A stored name and the member it stands for.
template <class Owner, class T>
struct field {
  const char* name;
  T Owner::*member;
};
template <class Owner, class T>
field(const char*, T Owner::*) -> field<Owner, T>;

/// An event that matched no rule, or whose recipients are planned by a fan-out. Sealed: none (its
/// `data` is kept only for replay, sealed under the tenant's own key: the whole CloudEvent as
/// JSON).
struct event_received {
  static constexpr auto type = fact_type::event_received;
  static constexpr std::uint16_t schema = 1;
  std::string event_id;
  std::string source;
  std::string event_type;
  hash16 dedupe;
  static constexpr auto fields() {
    return std::tuple{
        field{"event", &event_received::event_id}, field{"source", &event_received::source},
        field{"type", &event_received::event_type}, field{"dedupe", &event_received::dedupe}};
  }
};

/// One step of a delivery plan.
struct planned_step {
  channel on = channel::sms;
  step_until until = step_until::sent;
  hold_policy on_hold = hold_policy::wait;
  duration timeout = std::chrono::seconds{30};
  static constexpr auto fields() {
    return std::tuple{field{"channel", &planned_step::on}, field{"until", &planned_step::until},
                      field{"on_hold", &planned_step::on_hold},
                      field{"timeout", &planned_step::timeout}};
  }
  friend bool operator==(const planned_step&, const planned_step&) = default;
};

/// A decision to tell somebody. Sealed: `{"data":{..},"content":{..}}`, the event's data and inline
/// content.
struct notification_planned {
  static constexpr auto type = fact_type::notification_planned;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  std::string event_id;
  std::string source;
  hash16 dedupe;             ///< of (tenant, source, event id)
  std::uint16_t ordinal = 0; ///< its place among the notifications of the event in this partition
  std::string notification_type;
  category in = category::transactional;
  priority at = priority::normal;
  strategy by = strategy::fallback;
  std::vector<planned_step> steps;
  std::string template_name; ///< empty: content alone
  std::uint32_t template_version = 0;
  std::uint64_t catalogue_version = 0;
  timestamp send_at;    ///< no_time: at once
  timestamp expires_at; ///< no_time: never
  std::string correlation_key;
  std::uint32_t passed = 0; ///< bit per `check` that was asked at planning and passed
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &notification_planned::recipient},
                      field{"event", &notification_planned::event_id},
                      field{"source", &notification_planned::source},
                      field{"dedupe", &notification_planned::dedupe},
                      field{"ordinal", &notification_planned::ordinal},
                      field{"type", &notification_planned::notification_type},
                      field{"category", &notification_planned::in},
                      field{"priority", &notification_planned::at},
                      field{"strategy", &notification_planned::by},
                      field{"steps", &notification_planned::steps},
                      field{"template", &notification_planned::template_name},
                      field{"template_version", &notification_planned::template_version},
                      field{"catalogue", &notification_planned::catalogue_version},
                      field{"send_at", &notification_planned::send_at},
                      field{"expires_at", &notification_planned::expires_at},
                      field{"correlation", &notification_planned::correlation_key},
                      field{"passed", &notification_planned::passed}};
  }
};

/// A later event moved it. Sealed: the new `data` and content, in the form of notification_planned.
struct rescheduled {
  static constexpr auto type = fact_type::rescheduled;
  static constexpr std::uint16_t schema = 2;
  timestamp send_at;
  timestamp expires_at;
  std::string event_id;
  hash16 dedupe; ///< of that event, as in notification_planned
  static constexpr auto fields() {
    return std::tuple{
        field{"send_at", &rescheduled::send_at}, field{"expires_at", &rescheduled::expires_at},
        field{"event", &rescheduled::event_id}, field{"dedupe", &rescheduled::dedupe}};
  }
};

/// A step waits until a time. For `rate_limited` the slot at `until` is reserved for it.
struct step_held {
  static constexpr auto type = fact_type::step_held;
  static constexpr std::uint16_t schema = 1;
  std::uint8_t step = 0;
  timestamp until;
  reason why = reason::none;
  check by = check::none;
  layer from = layer::none;
  std::string inputs; ///< the deciding inputs, a few words such as `22:00-08:00 America/New_York`
  std::uint32_t passed = 0;
  static constexpr auto fields() {
    return std::tuple{field{"step", &step_held::step},    field{"until", &step_held::until},
                      field{"reason", &step_held::why},   field{"check", &step_held::by},
                      field{"layer", &step_held::from},   field{"inputs", &step_held::inputs},
                      field{"passed", &step_held::passed}};
  }
};

/// A step will not be taken.
struct step_suppressed {
  static constexpr auto type = fact_type::step_suppressed;
  static constexpr std::uint16_t schema = 1;
  std::uint8_t step = 0;
  reason why = reason::none;
  check by = check::none;
  layer from = layer::none;
  std::string inputs;
  std::uint32_t passed = 0;
  static constexpr auto fields() {
    return std::tuple{
        field{"step", &step_suppressed::step},     field{"reason", &step_suppressed::why},
        field{"check", &step_suppressed::by},      field{"layer", &step_suppressed::from},
        field{"inputs", &step_suppressed::inputs}, field{"passed", &step_suppressed::passed}};
  }
};

/// The intent of exactly one call to one provider. Durable before the call.
struct attempt_started {
  static constexpr auto type = fact_type::attempt_started;
  static constexpr std::uint16_t schema = 1;
  std::uint16_t number = 0; ///< from 1, over all steps
  std::uint8_t step = 0;
  channel on = channel::sms;
  std::string provider;
  hash16 content; ///< of the rendered text
  std::uint32_t template_version = 0;
  timestamp answer_by; ///< when the call must have been answered
  std::uint32_t passed = 0;
  bool silent = false; ///< the provider cannot report what becomes of it
  static constexpr auto fields() {
    return std::tuple{field{"silent", &attempt_started::silent},
                      field{"number", &attempt_started::number},
                      field{"step", &attempt_started::step},
                      field{"channel", &attempt_started::on},
                      field{"provider", &attempt_started::provider},
                      field{"content", &attempt_started::content},
                      field{"template_version", &attempt_started::template_version},
                      field{"answer_by", &attempt_started::answer_by},
                      field{"passed", &attempt_started::passed}};
  }
};

/// The provider accepted the call.
struct attempt_succeeded {
  static constexpr auto type = fact_type::attempt_succeeded;
  static constexpr std::uint16_t schema = 1;
  std::uint16_t number = 0;
  std::string provider_message_id;
  static constexpr auto fields() {
    return std::tuple{field{"number", &attempt_succeeded::number},
                      field{"message_id", &attempt_succeeded::provider_message_id}};
  }
};

/// The call failed; `retry_at` is no_time when the step is given up.
struct attempt_failed {
  static constexpr auto type = fact_type::attempt_failed;
  static constexpr std::uint16_t schema = 1;
  std::uint16_t number = 0;
  error_class error = error_class::unknown;
  std::string error_code; ///< the provider's code, never its text
  timestamp retry_at;
  static constexpr auto fields() {
    return std::tuple{
        field{"number", &attempt_failed::number}, field{"error", &attempt_failed::error},
        field{"code", &attempt_failed::error_code}, field{"retry_at", &attempt_failed::retry_at}};
  }
};

/// The call may have reached the provider and no answer came.
struct outcome_unknown {
  static constexpr auto type = fact_type::outcome_unknown;
  static constexpr std::uint16_t schema = 1;
  std::uint16_t number = 0;
  timestamp settle_at; ///< until when a callback is waited for
  std::string error_code;
  static constexpr auto fields() {
    return std::tuple{field{"number", &outcome_unknown::number},
                      field{"settle_at", &outcome_unknown::settle_at},
                      field{"code", &outcome_unknown::error_code}};
  }
};

enum class settlement : std::uint8_t { confirmed, resend, give_up };
template <>
struct enum_names<settlement> {
  static constexpr std::array<std::string_view, 3> values{"confirmed", "resend", "give_up"};
};

/// An unknown outcome was settled: by a callback or, in want of one, by the category's policy.
struct outcome_settled {
  static constexpr auto type = fact_type::outcome_settled;
  static constexpr std::uint16_t schema = 1;
  std::uint16_t number = 0;
  settlement as = settlement::give_up;
  static constexpr auto fields() {
    return std::tuple{field{"number", &outcome_settled::number}, field{"as", &outcome_settled::as}};
  }
};

/// The chain moved on to another step.
struct fallback_taken {
  static constexpr auto type = fact_type::fallback_taken;
  static constexpr std::uint16_t schema = 1;
  std::uint8_t from_step = 0;
  std::uint8_t to_step = 0;
  reason why = reason::none;
  static constexpr auto fields() {
    return std::tuple{field{"from", &fallback_taken::from_step},
                      field{"to", &fallback_taken::to_step}, field{"reason", &fallback_taken::why}};
  }
};

/// What became of an attempt, told by its provider (or, in-app, by the reader): delivered, read,
/// clicked, bounced, failed, or sent when it settles an unknown outcome.
struct provider_reported {
  static constexpr auto type = fact_type::provider_reported;
  static constexpr std::uint16_t schema = 1;
  std::uint16_t number = 0; ///< 0: an in-app step
  std::uint8_t step = 0;
  status what = status::delivered;
  std::string error_code;
  std::string provider_message_id;
  static constexpr auto fields() {
    return std::tuple{
        field{"number", &provider_reported::number}, field{"step", &provider_reported::step},
        field{"status", &provider_reported::what}, field{"code", &provider_reported::error_code},
        field{"message_id", &provider_reported::provider_message_id}};
  }
};

struct cancelled {
  static constexpr auto type = fact_type::cancelled;
  static constexpr std::uint16_t schema = 1;
  reason why = reason::cancelled_by_request;
  std::string event_id; ///< the event that cancelled it, if one did
  static constexpr auto fields() {
    return std::tuple{field{"reason", &cancelled::why}, field{"event", &cancelled::event_id}};
  }
};

struct expired {
  static constexpr auto type = fact_type::expired;
  static constexpr std::uint16_t schema = 1;
  std::uint8_t step = 0;
  static constexpr auto fields() {
    return std::tuple{field{"step", &expired::step}};
  }
};

/// The chain ended and no step was ever accepted.
struct dead_lettered {
  static constexpr auto type = fact_type::dead_lettered;
  static constexpr std::uint16_t schema = 1;
  reason why = reason::all_steps_ended;
  static constexpr auto fields() {
    return std::tuple{field{"reason", &dead_lettered::why}};
  }
};

/// Somebody asked that it be sent again from its first step: after a dead letter (`replayed`) or on
/// request (`resent`).
struct replayed {
  static constexpr auto type = fact_type::replayed;
  static constexpr std::uint16_t schema = 1;
  reason why = reason::replayed;
  static constexpr auto fields() {
    return std::tuple{field{"reason", &replayed::why}};
  }
};

/// A dead letter was put aside with a reason in words.
struct discarded {
  static constexpr auto type = fact_type::discarded;
  static constexpr std::uint16_t schema = 1;
  std::string note;
  static constexpr auto fields() {
    return std::tuple{field{"note", &discarded::note}};
  }
};

/// A message is in the recipient's inbox. Sealed: `{"title","body","actions":[..],"data":{..}}`.
struct in_app_posted {
  static constexpr auto type = fact_type::in_app_posted;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  std::uint64_t offset = 0; ///< dense per recipient, from 1
  std::uint8_t step = 0;
  std::string notification_type;
  priority at = priority::normal;
  timestamp expires_at;
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &in_app_posted::recipient},
                      field{"offset", &in_app_posted::offset},
                      field{"step", &in_app_posted::step},
                      field{"type", &in_app_posted::notification_type},
                      field{"priority", &in_app_posted::at},
                      field{"expires_at", &in_app_posted::expires_at}};
  }
};

enum class in_app_change : std::uint8_t { acked, read, archived, acted, all_read };
template <>
struct enum_names<in_app_change> {
  static constexpr std::array<std::string_view, 5> values{"acked", "read", "archived", "acted",
                                                          "all_read"};
};

/// The reader did something; for `all_read` the row carries no notification id.
struct in_app_changed {
  static constexpr auto type = fact_type::in_app_changed;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  std::uint64_t offset = 0;
  in_app_change what = in_app_change::read;
  std::string action;
  static constexpr auto fields() {
    return std::tuple{
        field{"recipient", &in_app_changed::recipient}, field{"offset", &in_app_changed::offset},
        field{"what", &in_app_changed::what}, field{"action", &in_app_changed::action}};
  }
};

/// A request with an Idempotency-Key began.
struct request_claimed {
  static constexpr auto type = fact_type::request_claimed;
  static constexpr std::uint16_t schema = 1;
  hash16 key; ///< of (route, key)
  hash16 body;
  static constexpr auto fields() {
    return std::tuple{field{"key", &request_claimed::key}, field{"body", &request_claimed::body}};
  }
};

/// Its answer: ids and statuses, never a token, key or content.
struct request_answered {
  static constexpr auto type = fact_type::request_answered;
  static constexpr std::uint16_t schema = 1;
  hash16 key;
  std::uint16_t http_status = 0;
  std::string answer;
  static constexpr auto fields() {
    return std::tuple{field{"key", &request_answered::key},
                      field{"status", &request_answered::http_status},
                      field{"answer", &request_answered::answer}};
  }
};

/// The whole profile of a recipient as it is now. Sealed: the API's recipient body as JSON. What
/// decisions need and names nobody is in the clear, so that replay need not unseal.
struct recipient_changed {
  static constexpr auto type = fact_type::recipient_changed;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  std::uint64_t version = 0; ///< of the profile, from 1: the ETag
  std::string timezone;
  std::string organization;
  std::string provider;
  std::vector<std::string> roles;
  std::uint8_t contacts = 0; ///< bit (1 << channel) where there is a contact point
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &recipient_changed::recipient},
                      field{"version", &recipient_changed::version},
                      field{"timezone", &recipient_changed::timezone},
                      field{"organization", &recipient_changed::organization},
                      field{"provider", &recipient_changed::provider},
                      field{"roles", &recipient_changed::roles},
                      field{"contacts", &recipient_changed::contacts}};
  }
};

/// The recipient's key was dropped with this fact: what was sealed for them cannot be read again.
struct recipient_erased {
  static constexpr auto type = fact_type::recipient_erased;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &recipient_erased::recipient}};
  }
};

/// The recipient's own layer of preferences as it is now, the API's body as JSON text.
struct preferences_changed {
  static constexpr auto type = fact_type::preferences_changed;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  std::uint64_t version = 0;
  std::string body;
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &preferences_changed::recipient},
                      field{"version", &preferences_changed::version},
                      field{"body", &preferences_changed::body}};
  }
};

/// One entry of the append-only consent history. Sealed: `{"ip","user_agent","text"}`.
struct consent_recorded {
  static constexpr auto type = fact_type::consent_recorded;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  channel on = channel::sms;
  std::string purpose;
  std::string consent_status;
  std::string method;
  std::string source;
  timestamp expires_at;
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &consent_recorded::recipient},
                      field{"channel", &consent_recorded::on},
                      field{"purpose", &consent_recorded::purpose},
                      field{"status", &consent_recorded::consent_status},
                      field{"method", &consent_recorded::method},
                      field{"source", &consent_recorded::source},
                      field{"expires_at", &consent_recorded::expires_at}};
  }
};

/// A device of the recipient was added, changed or removed. Sealed: `{"token","platform",..}`
/// unless removed.
struct device_changed {
  static constexpr auto type = fact_type::device_changed;
  static constexpr std::uint16_t schema = 1;
  recipient_id recipient;
  hash16 token; ///< hash of the device's token
  bool removed = false;
  static constexpr auto fields() {
    return std::tuple{field{"recipient", &device_changed::recipient},
                      field{"token", &device_changed::token},
                      field{"removed", &device_changed::removed}};
  }
};

/// Any fact; the order of the alternatives is the order of `fact_type`.
using fact = std::variant<event_received, notification_planned, rescheduled, step_held,
                          step_suppressed, attempt_started, attempt_succeeded, attempt_failed,
                          outcome_unknown, outcome_settled, fallback_taken, provider_reported,
                          cancelled, expired, dead_lettered, replayed, discarded, in_app_posted,
                          in_app_changed, request_claimed, request_answered, recipient_changed,
                          recipient_erased, preferences_changed, consent_recorded, device_changed>;

inline fact_type type_of(const fact& f) noexcept {
  return static_cast<fact_type>(f.index());
}

/// A proposed fact and what is sealed with it.
struct sealed_fact {
  fact body;
  std::string sealed; ///< ciphertext; empty where there is none
};

} // namespace carillon
