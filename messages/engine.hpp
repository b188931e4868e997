#pragma once

#include "messages/boot_clock.hpp"
#include "messages/commands.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What the engine's actors say to each other about notifications on their way.
namespace carillon {

// -- planning -----------------------------------------------------------------

/// One notification that intake wants planned; everything a rule (or a direct request) says about
/// it.
struct plan_item {
  recipient_id recipient;    ///< empty where `role` says who
  std::string role;          ///< everyone of the partition who has it
  std::uint16_t ordinal = 0; ///< place among the items of the event, over all partitions
  std::string type;
  category in = category::transactional;
  priority at = priority::normal;
  strategy by = strategy::fallback;
  std::vector<planned_step> steps;
  std::string template_name;
  std::uint32_t template_version = 0;
  timestamp send_at;
  timestamp expires_at;
  std::string correlation_key;
  json_ptr content; ///< inline content, or null
};

/// All that one event means to one partition.
struct event_plan {
  event_ptr about;
  std::vector<plan_item> items;
  std::vector<std::string> cancels; ///< correlation keys
  std::vector<std::string> reschedules;
  bool home = false;   ///< this partition keeps the event itself
  bool repeat = false; ///< its home has kept it before: nothing is done again
};

/// Intake to partition.
struct plan_events {
  tenant_id tenant;
  std::uint64_t catalogue_version = 0;
  std::vector<event_plan> plans;
};

/// Intake to an event's home, before the event acts on what other events planned: was it kept?
struct recall_events {
  tenant_id tenant;
  std::vector<hash16> events;
};
struct events_recalled {
  std::vector<bool> known; ///< beside `events`
};

// -- the gates ----------------------------------------------------------------

/// What gate and limiter say of one step.
struct step_verdict {
  std::uint8_t step = 0;
  channel on = channel::sms;
  verdict says = verdict::pass;
  reason why = reason::none;
  check by = check::none;
  layer from = layer::none;
  timestamp until; ///< for hold
  std::string inputs;
  std::uint32_t passed = 0; ///< bit (1 << check) for each check that passed
};

/// A question about one notification, answered in place: it travels partition, gate, limiter,
/// partition.
struct assessment {
  std::uint64_t ticket = 0; ///< the partition's own
  notification_id id;
  tenant_id tenant;
  recipient_id recipient;
  std::string type;
  category in = category::transactional;
  priority at = priority::normal;
  timestamp now;
  bool reserve = false;            ///< an attempt is about to be made: take the limiter's slot
  std::vector<step_verdict> steps; ///< where `says` is not pass already, it stays
  bool every_step = false; ///< each step goes on its own; else the limiter looks no further than
                           ///< the first that may go
  bool want_preferred
      = false; ///< the gate fills in what the recipient prefers, for the strategy `preferred`
  std::vector<channel> preferred;
};

/// Partition to gate, delegated to the limiter; answered by it.
struct assess {
  std::vector<assessment> items;
};

/// Partition to a child: these facts were applied; fold them. One shared copy for all children.
struct applied_fact {
  notification_id id;
  tenant_id tenant;
  timestamp at;
  std::shared_ptr<const fact> body;
  recipient_id recipient;    ///< whose notification it is, also where the fact does not say it
  channel on = channel::sms; ///< the step's channel, for held steps and attempts
  std::string sealed;
};
struct apply_facts {
  std::vector<applied_fact> facts;
  bool durable = false; ///< replayed: the journal holds them already
};

/// Partition to limiter: an attempt for which a slot was taken will not be made.
struct release_slot {
  tenant_id tenant;
  recipient_id recipient;
  channel on = channel::sms;
  notification_id id;
};

// -- time ---------------------------------------------------------------------

/// Partition to scheduler: tell me at that time, and no more at the one said before. far_future
/// takes it away.
struct arm_deadline {
  notification_id id;
  timestamp at;
  timestamp was = far_future; ///< the deadline that this one replaces, if any
};
/// Scheduler to partition.
struct deadlines_due {
  std::vector<notification_id> ids;
};
/// Node to schedulers: the wall clock jumped; look again.
struct clock_changed {};

// -- deliveries and senders ---------------------------------------------------

/// The message as a provider gets it.
struct rendered_message {
  std::string to;
  std::string subject;
  std::string text;
  std::string html;
  std::string title;
  std::string body;
  json_ptr extra; ///< channel-specific parts, or null
};

struct request_permit {
  notification_id id;
  std::uint8_t step = 0;
  channel on = channel::sms;
  priority lane = priority::normal;
  timestamp give_up_at;           ///< do not grant after this (expiry); far_future: never
  std::vector<std::string> avoid; ///< providers that already refused this step
};

/// The right to make one call to one provider, now.
struct permit {
  std::uint64_t number = 0; ///< 0: none
  std::string provider;
  std::chrono::steady_clock::time_point start_by; ///< the call must start before
  duration call_timeout = std::chrono::seconds{5};
  bool reports = true; ///< the provider tells what becomes of a message
};
struct permit_answer {
  permit granted;
  reason refused = reason::none; ///< no_provider, expired
};
struct return_permit {
  std::uint64_t number = 0;
};

/// Delivery to sender under a permit, and from there to the provider's client.
struct provider_call {
  std::uint64_t permit_number = 0;
  notification_id id;
  std::uint16_t attempt = 0;
  channel on = channel::sms;
  std::string idempotency_key;
  std::shared_ptr<const rendered_message> message;
  duration timeout = std::chrono::seconds{5};
  std::string trace;
};

/// What a call came to. `unknown` is the honest answer to "it may have reached the provider".
struct call_outcome {
  enum class kind : std::uint8_t { accepted, failed, unknown };
  kind what = kind::unknown;
  error_class error = error_class::none;
  std::string error_code;
  std::string provider_message_id;
  std::optional<duration> retry_after;
};

/// An HTTP request from a provider as it came in.
struct raw_callback {
  std::string provider;
  std::string ref; ///< path part behind the provider's name: `<notification id>.<attempt>`
  std::string url; ///< the public URL it was sent to, with query
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers; ///< lower-case names
};

/// What a callback says about one attempt. From the provider's codec, through intake, to the owner
/// of the id.
struct provider_report {
  tenant_id tenant; ///< empty: whoever's it is; providers do not know tenants
  notification_id id;
  std::uint16_t attempt = 0;
  status what = status::delivered;
  error_class error = error_class::none;
  std::string error_code;
  std::string provider_message_id;
};
struct callback_parsed {
  enum class kind : std::uint8_t { ok, bad_signature, malformed };
  kind what = kind::ok;
  std::vector<provider_report>
      reports; ///< empty: nothing to say (an inbound message, a repeated state)
  std::string detail;
};

/// Until when this node may believe that it owns its partitions: read by senders before each call,
/// moved forward by the lease keeper. Conservative: counted from before the renewal was sent, and
/// on a clock that goes on while the process or the machine is asleep.
class lease_view {
public:
  using clock_type = boot_clock;
  /// Whether it is ours for longer than `d` from now.
  [[nodiscard]] bool outlives(duration d) const noexcept {
    return clock_type::now().time_since_epoch().count() + std::chrono::nanoseconds{d}.count()
           < until_.load(std::memory_order_acquire);
  }
  void extend(clock_type::time_point t) noexcept {
    until_.store(t.time_since_epoch().count(), std::memory_order_release);
  }

private:
  std::atomic<clock_type::rep> until_{0};
};

// -- in-app -------------------------------------------------------------------

/// Partition to hub once it is durable: something new in a recipient's inbox. The hub words the
/// frame.
struct live_frame {
  tenant_id tenant;
  recipient_id recipient;
  std::uint64_t offset = 0;
  std::string
      json; ///< `{"op":"notification",..}` or `{"op":"update",..}`, made once for all sessions
};
using live_frame_ptr = std::shared_ptr<const live_frame>;

/// Hub to partition: a session wants to know where it stands. `offset` is what it has; `fresh`
/// where it has none.
struct resume_inbox {
  tenant_id tenant;
  recipient_id recipient;
  std::uint64_t offset = 0;
  bool fresh = true;
};
struct inbox_resumed {
  std::uint64_t offset = 0; ///< of the newest durable frame
  std::uint64_t unread = 0;
  bool recovered = true; ///< the frames below are all that came after the session's offset
  std::vector<live_frame_ptr> frames;
};

/// Hub to partition: there are (no more) live sessions of this recipient on this node.
struct watch_inbox {
  tenant_id tenant;
  recipient_id recipient;
  bool watching = true;
};

// -- running ------------------------------------------------------------------

struct drain {};
struct drained {};

/// How an actor fares, for readiness and `?verbose`.
struct get_health {};
struct health {
  bool ready = false;
  std::string json; ///< an object with details
};

} // namespace carillon
