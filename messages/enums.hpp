#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

/// The names of an enum in the order of its values, from 0 without gaps. Names are the wire form
/// and never change.
template <class E>
struct enum_names;

template <class E>
concept named_enum = requires {
  enum_names<E>::values.size();
};

template <named_enum E>
constexpr std::string_view to_string(E value) noexcept {
  auto i = static_cast<std::size_t>(value);
  return i < enum_names<E>::values.size() ? enum_names<E>::values[i] : std::string_view{"?"};
}

template <named_enum E>
constexpr std::optional<E> parse_enum(std::string_view name) noexcept {
  for (std::size_t i = 0; i < enum_names<E>::values.size(); ++i)
    if (enum_names<E>::values[i] == name)
      return static_cast<E>(i);
  return std::nullopt;
}

template <named_enum E>
inline constexpr std::size_t enum_count = enum_names<E>::values.size();

enum class channel : std::uint8_t { sms, email, push, whatsapp, in_app, webhook };
template <>
struct enum_names<channel> {
  static constexpr std::array<std::string_view, 6> values{"sms",      "email",  "push",
                                                          "whatsapp", "in_app", "webhook"};
};

/// Policy sets, REQUIREMENTS B of the catalogue in docs/categories.md.
enum class category : std::uint8_t {
  transactional,
  clinical,
  financial,
  membership,
  marketing,
  administrative,
  realtime_alert,
  review,
  emergency
};
template <>
struct enum_names<category> {
  static constexpr std::array<std::string_view, 9> values{
      "transactional",  "clinical",       "financial", "membership", "marketing",
      "administrative", "realtime_alert", "review",    "emergency"};
};

/// Also the lanes of a sender: a lower value goes first.
enum class priority : std::uint8_t { critical, high, normal, low, bulk };
template <>
struct enum_names<priority> {
  static constexpr std::array<std::string_view, 5> values{"critical", "high", "normal", "low",
                                                          "bulk"};
};

/// Of a step and, folded, of a notification; docs/states.md draws the ways between them.
enum class status : std::uint8_t {
  accepted,
  scheduled,
  deferred,
  rate_limited,
  queued,
  sending,
  sent,
  delivered,
  read,
  clicked,
  bounced,
  failed,
  outcome_unknown,
  suppressed,
  cancelled,
  expired,
  dead_lettered
};
template <>
struct enum_names<status> {
  static constexpr std::array<std::string_view, 17> values{
      "accepted", "scheduled",    "deferred",        "rate_limited", "queued",
      "sending",  "sent",         "delivered",       "read",         "clicked",
      "bounced",  "failed",       "outcome_unknown", "suppressed",   "cancelled",
      "expired",  "dead_lettered"};
};

enum class strategy : std::uint8_t { fallback, all, preferred };
template <>
struct enum_names<strategy> {
  static constexpr std::array<std::string_view, 3> values{"fallback", "all", "preferred"};
};

/// What a step must reach so that the chain ends.
enum class step_until : std::uint8_t { sent, delivered, read };
template <>
struct enum_names<step_until> {
  static constexpr std::array<std::string_view, 3> values{"sent", "delivered", "read"};
};

/// What a held step does.
enum class hold_policy : std::uint8_t { wait, next };
template <>
struct enum_names<hold_policy> {
  static constexpr std::array<std::string_view, 2> values{"wait", "next"};
};

/// A gate's answer.
enum class verdict : std::uint8_t { pass, hold, divert, suppress };
template <>
struct enum_names<verdict> {
  static constexpr std::array<std::string_view, 4> values{"pass", "hold", "divert", "suppress"};
};

/// Why a call failed, one taxonomy for all providers; the policy per class is in docs/delivery.md.
/// `not_called`: the attempt was given up between intent and call, nothing left.
enum class error_class : std::uint8_t {
  none,
  transient,
  rate_limited,
  soft_bounce,
  permanent_address,
  permanent_content,
  auth,
  unknown,
  not_called
};
template <>
struct enum_names<error_class> {
  static constexpr std::array<std::string_view, 9> values{
      "none", "transient", "rate_limited", "soft_bounce", "permanent_address", "permanent_content",
      "auth", "unknown",   "not_called"};
};

/// Which check of gate or limiter decided.
enum class check : std::uint8_t {
  none,
  global_opt_out,
  channel_switch,
  category_switch,
  do_not_disturb,
  quiet_hours,
  rate_limit,
  contact_point,
  provider,
  consent,
  expiry
};
template <>
struct enum_names<check> {
  static constexpr std::array<std::string_view, 11> values{
      "none",           "global_opt_out", "channel_switch", "category_switch",
      "do_not_disturb", "quiet_hours",    "rate_limit",     "contact_point",
      "provider",       "consent",        "expiry"};
};

/// Where a preference came from, most specific first.
enum class layer : std::uint8_t {
  none,
  recipient,
  provider,
  organization,
  global,
  category,
  fallback
};
template <>
struct enum_names<layer> {
  static constexpr std::array<std::string_view, 7> values{
      "none", "recipient", "provider", "organization", "global", "category", "default"};
};

/// Why something did not go on as planned. Every suppression, hold, failure and end carries one.
enum class reason : std::uint8_t {
  none,
  no_contact,
  no_provider,
  channel_disabled,
  category_disabled,
  global_opt_out,
  do_not_disturb,
  quiet_hours,
  rate_limited,
  consent_missing,
  opted_out,
  held_takes_next,
  expired,
  cancelled_by_request,
  cancelled_by_event,
  recipient_erased,
  not_confirmed_in_time,
  retries_exhausted,
  permanent_address,
  permanent_content,
  provider_auth,
  provider_bounced,
  outcome_unknown_given_up,
  all_steps_ended,
  confirmed_elsewhere,
  template_missing,
  template_failed,
  discarded,
  replayed,
  resent,
  content_forgotten,
  storage_unavailable ///< what it needs could not be read back when it was due
};
template <>
struct enum_names<reason> {
  static constexpr std::array<std::string_view, 32> values{"none",
                                                           "no_contact",
                                                           "no_provider",
                                                           "channel_disabled",
                                                           "category_disabled",
                                                           "global_opt_out",
                                                           "do_not_disturb",
                                                           "quiet_hours",
                                                           "rate_limited",
                                                           "consent_missing",
                                                           "opted_out",
                                                           "held_takes_next",
                                                           "expired",
                                                           "cancelled_by_request",
                                                           "cancelled_by_event",
                                                           "recipient_erased",
                                                           "not_confirmed_in_time",
                                                           "retries_exhausted",
                                                           "permanent_address",
                                                           "permanent_content",
                                                           "provider_auth",
                                                           "provider_bounced",
                                                           "outcome_unknown_given_up",
                                                           "all_steps_ended",
                                                           "confirmed_elsewhere",
                                                           "template_missing",
                                                           "template_failed",
                                                           "discarded",
                                                           "replayed",
                                                           "resent",
                                                           "content_forgotten",
                                                           "storage_unavailable"};
};

} // namespace carillon
