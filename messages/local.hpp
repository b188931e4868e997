#pragma once

#include "messages/engine.hpp"
#include "messages/inspect.hpp"
#include "messages/journal.hpp"
#include "messages/realtime.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// Messages that never leave a node, and the list of all message types that CAF need not be able to
/// serialise.
namespace carillon {

struct flush_due {};
struct fold_due {};
struct tick_due {};
struct timer_due {
  std::uint64_t epoch = 0; ///< stale timers are told by it
};
struct restart_due {
  partition_id partition;
};
struct partition_ready {
  partition_id partition;
};
struct start_node {};
struct start_catalog {
  std::string directory; ///< empty: import nothing
};
/// Ticket of an HTTP call that a provider's client finished, sent from the client driver's thread.
struct http_finished {
  std::uint64_t ticket = 0;
  std::shared_ptr<const void>
      response; ///< adapters/providers/support/http_client.hpp says what it is
};

// -- partition and its children -----------------------------------------------

/// Delivery to partition: append these facts. With `attempt`, the first fact is an attempt_started:
/// gates, cancel, expiry and the profile's version are looked at again before, and the answer
/// leaves when it is durable.
struct propose {
  notification_id id;
  std::uint64_t generation = 0; ///< of the delivery; a stale one is refused
  std::vector<sealed_fact> facts;
  timestamp at; ///< when the delivery decided; an attempt gets the time of its last look at the
                ///< gates instead
  bool attempt = false;
  bool peek = false; ///< no facts: only ask gate and limiter whether the step may go on
  bool retire
      = false; ///< nothing left to do until a deadline or a command; `handled` commands were seen
  std::uint64_t handled = 0;
  std::uint8_t step = 0;
  std::uint64_t profile_version = 0;
};
struct proposal_answer {
  enum class kind : std::uint8_t { durable, held_back, stale_profile, refused };
  kind what = kind::durable;
  step_verdict verdict; ///< for held_back: hold or suppress
  timestamp at;         ///< of an attempt that may go
};

/// Delivery to partition: what is needed to render, unsealed.
struct get_context {
  notification_id id;
  std::uint64_t generation = 0;
};
/// Lives as long as a delivery. Null pointers where the content is forgotten.
struct delivery_context {
  std::shared_ptr<const profile> who; ///< never null
  std::uint64_t profile_version = 0;
  json_ptr data;            ///< the event's data, an object
  json_ptr content;         ///< inline content, or null
  template_ptr by_template; ///< or null
  std::string wrapped_key;
  bool forgotten = false;
};
using delivery_context_ptr = std::shared_ptr<const delivery_context>;

/// What a command asks of one notification's delivery. `rest`: the partition took its leave.
/// `look_again`: what a gate holds may have been set free.
struct delivery_command {
  enum class verb : std::uint8_t {
    wake,
    cancel,
    report,
    confirm_in_app,
    replay,
    resend,
    discard,
    reschedule,
    erase,
    rest,
    look_again
  };
  verb what = verb::wake;
  reason why = reason::none;
  std::string note;                     ///< an event id or words
  hash16 event;                         ///< for reschedule: the dedupe key of the event
  provider_report report;               ///< for report
  status confirmed = status::delivered; ///< for confirm_in_app
  timestamp send_at;                    ///< for reschedule
  timestamp expires_at;
  std::string sealed; ///< for reschedule: the new content
};

/// What the inbox says to a command: either a finished answer, or changes that the partition
/// numbers and appends, and the answer that may leave when they are durable.
struct inbox_proposal {
  answer reply;
  std::vector<std::pair<notification_id, in_app_changed>> changes; ///< offsets not yet set
};
struct know_key {
  tenant_id tenant;
  recipient_id recipient;
  std::string wrapped;
};
struct frames_durable {
  tenant_id tenant;
  recipient_id recipient;
  std::uint64_t offset = 0;
};

// -- catalogue rows -----------------------------------------------------------

enum class catalogue_kind : std::uint8_t {
  rule,
  template_,
  organization_preferences,
  provider_preferences,
  global_preferences
};
template <>
struct enum_names<catalogue_kind> {
  static constexpr std::array<std::string_view, 5> values{
      "rule", "template", "organization_preferences", "provider_preferences", "global_preferences"};
};

/// One version of one thing in the catalogue. Append-only; a deleted rule is a row with an empty
/// body.
struct catalogue_row {
  tenant_id tenant;
  catalogue_kind kind = catalogue_kind::rule;
  std::string name;
  std::uint32_t version = 0;                     ///< from 1 per name
  template_state state = template_state::active; ///< the newest row of (name, version) decides
  std::string body;                              ///< JSON text
  bool from_file = false;
  std::uint64_t catalogue_version = 0; ///< of the tenant, given by the store
};
struct load_catalogue {};
struct catalogue_rows {
  std::vector<catalogue_row> rows;                           ///< oldest first
  std::vector<std::pair<std::string, std::string>> imported; ///< file, hash
};
struct save_catalogue {
  tenant_id tenant;
  std::vector<catalogue_row> rows;
  std::vector<std::pair<std::string, std::string>> imported;
};
struct catalogue_saved {
  std::uint64_t version = 0;
};

} // namespace carillon

#define CARILLON_LOCAL(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::carillon::type)
namespace carillon {
struct load_partitions;
struct know_partitions;
} // namespace carillon
CARILLON_LOCAL(load_partitions)
CARILLON_LOCAL(know_partitions)
CARILLON_LOCAL(flush_due)
CARILLON_LOCAL(fold_due)
CARILLON_LOCAL(tick_due)
CARILLON_LOCAL(timer_due)
CARILLON_LOCAL(restart_due)
CARILLON_LOCAL(partition_ready)
CARILLON_LOCAL(start_node)
CARILLON_LOCAL(start_catalog)
CARILLON_LOCAL(http_finished)
CARILLON_LOCAL(propose)
CARILLON_LOCAL(proposal_answer)
CARILLON_LOCAL(get_context)
CARILLON_LOCAL(delivery_context_ptr)
CARILLON_LOCAL(delivery_command)
CARILLON_LOCAL(inbox_proposal)
CARILLON_LOCAL(know_key)
CARILLON_LOCAL(frames_durable)
CARILLON_LOCAL(load_catalogue)
CARILLON_LOCAL(catalogue_rows)
CARILLON_LOCAL(save_catalogue)
CARILLON_LOCAL(catalogue_saved)
CARILLON_LOCAL(save_snapshots)
CARILLON_LOCAL(snapshots_saved)
CARILLON_LOCAL(read_snapshots)
CARILLON_LOCAL(snapshots_read)
CARILLON_LOCAL(flush_people)
CARILLON_LOCAL(people_flushed)
CARILLON_LOCAL(collect_people)
CARILLON_LOCAL(people_parts)
CARILLON_LOCAL(restore_people)
CARILLON_LOCAL(evict_people)
CARILLON_LOCAL(tend_segments)
CARILLON_LOCAL(segments_listed)
CARILLON_LOCAL(append)
CARILLON_LOCAL(appended)
CARILLON_LOCAL(replay_rows)
CARILLON_LOCAL(replay_end)
CARILLON_LOCAL(projected)
CARILLON_LOCAL(journal_health)
CARILLON_LOCAL(answer)
CARILLON_LOCAL(submit_events)
CARILLON_LOCAL(events_answer)
CARILLON_LOCAL(submit_notification)
CARILLON_LOCAL(recipient_command)
CARILLON_LOCAL(catalogue_command)
CARILLON_LOCAL(list_notifications)
CARILLON_LOCAL(list_dead_letters)
CARILLON_LOCAL(read_facts)
CARILLON_LOCAL(facts_read)
CARILLON_LOCAL(find_event)
CARILLON_LOCAL(event_found)
CARILLON_LOCAL(plan_events)
CARILLON_LOCAL(recall_events)
CARILLON_LOCAL(events_recalled)
CARILLON_LOCAL(assess)
CARILLON_LOCAL(apply_facts)
CARILLON_LOCAL(release_slot)
CARILLON_LOCAL(arm_deadline)
CARILLON_LOCAL(deadlines_due)
CARILLON_LOCAL(clock_changed)
CARILLON_LOCAL(request_permit)
CARILLON_LOCAL(permit_answer)
CARILLON_LOCAL(return_permit)
CARILLON_LOCAL(provider_call)
CARILLON_LOCAL(call_outcome)
CARILLON_LOCAL(raw_callback)
CARILLON_LOCAL(callback_parsed)
CARILLON_LOCAL(live_frame_ptr)
CARILLON_LOCAL(inbox_resumed)
CARILLON_LOCAL(drained)
CARILLON_LOCAL(get_health)
CARILLON_LOCAL(health)
CARILLON_LOCAL(session_opened)
CARILLON_LOCAL(session_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::std::shared_ptr<const ::carillon::committed_batch>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::std::vector<::carillon::arm_deadline>)
#undef CARILLON_LOCAL
