#pragma once

#include "messages/engine.hpp"
#include "messages/journal.hpp"
#include "messages/local.hpp"
#include "messages/protocol.hpp"
#include "messages/realtime.hpp"

/// Who can be asked what. One block per actor; who spawns it, how long it lives and what it never
/// does is said there.
namespace carillon {

/// A journal lane. One per lane and node, detached. Appends of one partition are made durable in
/// the order they came. An error means that the append is not durable and never will be: `fenced`
/// or `rejected_row`. While the database is away there is no answer at all; `journal_health` tells.
using journal_actor = caf::typed_actor<
    /// Makes the rows durable.
    on<append>::reply<appended>,
    /// Streams replay_rows and one replay_end to each of the given partitions, in one scan.
    on<load_partitions>::reply<caf::unit_t>, on<drain>::reply<drained>,
    /// Internal: the gathered batch is due.
    on<flush_due>::accept>;

/// Writes read models of one lane. Detached. Never decides.
using projector_actor = caf::typed_actor<on<std::shared_ptr<const committed_batch>>::accept,
                                         /// Whom to tell how far the read models are.
                                         on<know_partitions>::accept, on<drain>::reply<drained>,
                                         on<fold_due>::accept>;

/// Queries that are no lane's: lists, timelines, catalogue tables. Detached. Owns no facts.
using store_actor
    = caf::typed_actor<on<read_facts>::reply<facts_read>, on<find_event>::reply<event_found>,
                       on<list_notifications>::reply<answer>, on<list_dead_letters>::reply<answer>,
                       /// All current catalogue rows of all tenants.
                       on<load_catalogue>::reply<catalogue_rows>,
                       /// Writes rows under the tenant's next version number, durable when
                       /// answered.
                       on<save_catalogue>::reply<catalogue_saved>,
                       on<save_snapshots>::reply<snapshots_saved>,
                       on<read_snapshots>::reply<snapshots_read>,
                       on<tend_segments>::reply<segments_listed>, on<get_health>::reply<health>>;

/// Owner of everything that happens to its recipients, and the only writer of its facts. Spawned
/// and restarted by the supervisor. Never calls a provider.
using partition_actor = caf::typed_actor<
    on<plan_events>::reply<events_answer>, on<recall_events>::reply<events_recalled>,
    on<notification_command>::reply<answer>, on<recipient_command>::reply<answer>,
    on<inbox_command>::reply<answer>, on<provider_report>::reply<answer>,
    on<claim_request>::reply<claim_answer>, on<complete_request>::reply<caf::unit_t>,
    on<resume_inbox>::reply<inbox_resumed>, on<watch_inbox>::accept,
    // its children
    on<propose>::reply<proposal_answer>, on<get_context>::reply<delivery_context_ptr>,
    on<deadlines_due>::accept,
    // its supervisor: nobody knows any more what is due
    on<clock_changed>::accept,
    // its lane and projector
    on<replay_rows>::accept, on<replay_end>::accept, on<projected>::accept,
    // the housekeeper
    on<flush_people>::reply<people_flushed>,
    /// Internal: ask again for people who could not be read.
    on<tick_due>::accept, on<get_health>::reply<health>, on<drain>::reply<drained>>;

/// Says whether a message may go: preferences, opt-outs, do-not-disturb, quiet hours. Child of a
/// partition. Never sends.
using preference_gate_actor = caf::typed_actor<
    /// Answered by the limiter, to which it is delegated.
    on<assess>::reply<assess>, on<apply_facts>::accept, on<evict_people>::accept,
    /// The recipient's preferences with the layer of each field.
    on<recipient_command>::reply<answer>>;

/// Counts attempts per recipient and channel and reserves slots. Child of a partition. Knows no
/// provider's limits.
using rate_limiter_actor
    = caf::typed_actor<on<assess>::reply<assess>, on<apply_facts>::accept, on<release_slot>::accept,
                       on<collect_people>::reply<people_parts>, on<restore_people>::accept,
                       on<evict_people>::accept>;

/// Keeps the deadlines of a partition with one timer armed. Child of a partition. Does not know
/// what due means.
using scheduler_actor
    = caf::typed_actor<on<arm_deadline>::accept, on<std::vector<arm_deadline>>::accept,
                       on<clock_changed>::accept, on<timer_due>::accept>;

/// The in-app messages of a partition's recipients. Child of a partition; proposes, never appends.
/// Knows no socket. It sends live frames to the hub itself, for facts that the partition calls
/// durable and recipients that are watched.
using inbox_actor = caf::typed_actor<
    /// What the command would change, or a finished answer.
    on<inbox_command>::reply<inbox_proposal>, on<apply_facts>::accept, on<know_key>::accept,
    on<frames_durable>::accept,
    /// Only what is durable.
    on<resume_inbox>::reply<inbox_resumed>, on<watch_inbox>::accept,
    on<collect_people>::reply<people_parts>, on<restore_people>::accept, on<evict_people>::accept>;

/// One notification on its way. Spawned by its partition when something is to be done, gone when it
/// only waits.
using delivery_actor = caf::typed_actor<
    /// Cancel, a provider's report, a deadline (`wake`): decided by the notification's model.
    on<delivery_command>::reply<answer>>;

/// Permits and calls of one channel on one node. Never decides for a message.
using sender_actor
    = caf::typed_actor<on<request_permit>::reply<permit_answer>, on<return_permit>::accept,
                       on<provider_call>::reply<call_outcome>, on<tick_due>::accept,
                       on<get_health>::reply<health>, on<drain>::reply<drained>>;

/// One provider's client. Spawned by the daemon from configuration; a shell over a plain client.
using provider_actor = caf::typed_actor<on<provider_call>::reply<call_outcome>,
                                        /// Checks the signature and reads the reports.
                                        on<raw_callback>::reply<callback_parsed>,
                                        on<http_finished>::accept, on<get_health>::reply<health>>;

/// Rules to plan items, routing to owners, memory budget. One a node. Parses nothing, keeps
/// nothing.
using intake_actor = caf::typed_actor<
    on<submit_events>::reply<events_answer>, on<submit_notification>::reply<answer>,
    on<notification_command>::reply<answer>, on<recipient_command>::reply<answer>,
    on<inbox_command>::reply<answer>, on<provider_report>::reply<answer>,
    on<claim_request>::reply<claim_answer>, on<complete_request>::reply<caf::unit_t>,
    on<resume_inbox>::reply<inbox_resumed>, on<watch_inbox>::accept, on<know_partitions>::accept,
    on<journal_health>::accept, on<drain>::reply<drained>>;

/// The catalogue: imports, edits, versions; swaps the node's cell. One a node.
using catalog_actor
    = caf::typed_actor<on<catalogue_command>::reply<answer>,
                       /// Loads the tables, imports changed files; answered when the cell is set.
                       on<start_catalog>::reply<caf::unit_t>>;

/// Closes segments of the journal when they are large or old, has the people in them written down,
/// settles them, and drops them when nobody wants them any more. One a node. Reads no fact.
using housekeeper_actor
    = caf::typed_actor<on<know_partitions>::accept, on<tick_due>::accept,
                       /// Does now what is due; answered when it is done.
                       on<tend_segments>::reply<segments_listed>, on<get_health>::reply<health>>;

/// Live sessions of this node. Keeps no history.
using hub_actor = caf::typed_actor<
    on<session_opened>::accept, on<session_closed>::accept, on<live_frame_ptr>::accept,
    /// Owners moved or restarted: ask again for everything watched.
    on<know_partitions>::accept,
    /// Internal: ask again what could not be answered.
    on<tick_due>::accept, on<get_health>::reply<health>, on<drain>::reply<drained>>;

/// Starts, watches, restarts and stops everything on a node.
using supervisor_actor = caf::typed_actor<on<start_node>::reply<caf::unit_t>,
                                          on<get_health>::reply<health>, on<journal_health>::accept,
                                          on<partition_ready>::accept, on<restart_due>::accept,
                                          on<clock_changed>::accept, on<drain>::reply<drained>>;

// -- messages that carry handles ----------------------------------------------

/// The owners of all partitions, by number. An empty handle: not here, or restarting.
using partition_table = std::array<partition_actor, partition_count>;
struct know_partitions {
  std::shared_ptr<const partition_table> table;
};

/// Supervisor to lane: whom to replay to.
struct load_partitions {
  std::vector<std::pair<partition_id, partition_actor>> partitions;
};

} // namespace carillon
