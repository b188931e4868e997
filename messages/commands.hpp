#pragma once

#include "messages/catalogue.hpp"
#include "messages/facts.hpp"
#include "messages/journal.hpp"
#include "messages/profile.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What the edge asks of the engine.
namespace carillon {

/// The domain's answer to the edge: what happened, and a JSON body in the shape of docs/api.md.
struct answer {
  enum class kind : std::uint8_t {
    ok,
    created,
    accepted,
    no_content,
    invalid,
    not_found,
    conflict,
    precondition_failed
  };
  kind what = kind::ok;
  std::string body;          ///< JSON text, empty for no_content
  problem_items problems;    ///< for invalid
  std::string detail;        ///< one sentence for any refusal
  std::uint64_t version = 0; ///< for the ETag; 0: none
};

/// A CloudEvent, parsed once. `data` is the parsed object, `data_text` its JSON text, for sealing.
struct event {
  std::string id;
  std::string source;
  std::string type;
  std::string subject;
  timestamp time; ///< no_time if absent
  json_ptr data;  ///< an object; never null
  std::string data_text;
  json_ptr extensions; ///< extension attributes, or null
  std::string trace;
};
using event_ptr = std::shared_ptr<const event>;

/// HTTP to intake: one or more events of one request, each answered for itself, in order.
struct submit_events {
  tenant_id tenant;
  std::vector<event_ptr> events;
};

struct planned_notification {
  notification_id id;
  recipient_id recipient;
  std::string type;
  status now = status::accepted;
  std::uint16_t ordinal = 0; ///< its place among the items of the event
};

struct event_answer {
  bool duplicate = false;
  bool failed = false; ///< not durable everywhere: repeat the event (503)
  std::string event_id;
  std::string fan_out; ///< id, or empty
  std::vector<planned_notification> notifications;
};
struct events_answer {
  std::vector<event_answer> items;
};

/// HTTP to intake: one message without a rule; body as in docs/api.md, validated by intake.
/// `request_key` is the Idempotency-Key, or empty.
struct submit_notification {
  tenant_id tenant;
  json_ptr body;
  std::string request_key;
  std::string trace;
};

/// HTTP to intake, passed to the owner of the id.
struct notification_command {
  enum class verb : std::uint8_t { show, timeline, explain, cancel, resend, replay, discard };
  tenant_id tenant;
  notification_id id;
  verb what = verb::show;
  std::string note; ///< for discard: the reason in words
};

/// HTTP to intake, passed to the owner of the recipient.
struct recipient_command {
  enum class verb : std::uint8_t {
    get,
    put,
    patch,
    erase,
    get_preferences,
    get_resolved_preferences,
    put_preferences,
    patch_preferences,
    put_device,
    remove_device,
    add_consent,
    list_consents
  };
  tenant_id tenant;
  recipient_id recipient;
  verb what = verb::get;
  json_ptr body;
  std::string key;            ///< the device's token
  std::uint64_t if_match = 0; ///< 0: none; else the version that must be current
};

/// HTTP or a live session to intake, passed to the owner of the recipient.
struct inbox_command {
  enum class verb : std::uint8_t { list, ack, read, archive, act, read_all };
  tenant_id tenant;
  recipient_id recipient;
  verb what = verb::list;
  notification_id id;
  std::string action;
  std::string state; ///< list: unread, read, archived, empty for all but archived
  std::string query; ///< list: words to find in title and body
  std::uint32_t limit = 50;
  std::uint64_t before_offset = 0; ///< list cursor; 0: from the newest
};

/// HTTP to catalog: rules, templates, categories and the shared layers of preferences.
struct catalogue_command {
  enum class kind : std::uint8_t {
    rule,
    template_,
    organization_preferences,
    provider_preferences,
    global_preferences
  };
  enum class verb : std::uint8_t {
    get,
    put,
    patch,
    erase,
    list,
    versions,
    activate,
    archive,
    preview,
    dry_run
  };
  tenant_id tenant;
  kind of = kind::rule;
  verb what = verb::get;
  std::string name;
  std::uint32_t version = 0;
  json_ptr body;
  std::uint64_t if_match = 0;
};

/// HTTP to store: lists over the read models.
struct list_notifications {
  tenant_id tenant;
  std::string recipient;
  std::string status;
  std::string type;
  std::string channel;
  timestamp since;
  timestamp until;
  std::uint32_t limit = 50;
  std::string cursor;
};
struct list_dead_letters {
  tenant_id tenant;
  std::string type;
  std::string channel;
  std::string reason;
  timestamp since;
  timestamp until;
  std::uint32_t limit = 50;
  std::string cursor;
};

/// Partition to store: the rows of one notification, oldest first, from journal and ledger.
struct read_facts {
  tenant_id tenant; ///< empty: any, for a provider's report, whose authority is its signature
  notification_id id;
};
struct facts_read {
  std::vector<journal_row> rows;
};

/// Partition to store: the notification ids of an event planned before what is remembered in
/// memory.
struct find_event {
  partition_id partition;
  tenant_id tenant;
  hash16 dedupe;
};
struct event_found {
  std::vector<notification_id> ids; ///< empty: never seen
};

/// HTTP to intake, passed to the partition that is home of (route, key): a POST with an
/// Idempotency-Key begins.
struct claim_request {
  tenant_id tenant;
  std::string route;
  std::string key;
  hash16 body;
};
struct claim_answer {
  enum class kind : std::uint8_t { fresh, replay, conflict, running };
  kind what = kind::fresh;
  std::uint16_t http_status = 0;
  std::string body;
};
/// The claimed request was answered; a status of 0 or 5xx withdraws the claim.
struct complete_request {
  tenant_id tenant;
  std::string route;
  std::string key;
  std::uint16_t http_status = 0;
  std::string body;
};

} // namespace carillon
