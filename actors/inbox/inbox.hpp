#pragma once

#include "messages/interfaces.hpp"

#include "actors/inbox/inbox_model.hpp"

#include <caf/stateful_actor.hpp>

#include <optional>

namespace carillon {

/// What an inbox is spawned with. All outlive it.
struct inbox_arguments {
  hub_actor hub; ///< of this node; gets the live frames
  carillon::sealer* seal = nullptr;
  const carillon::clock* time = nullptr;
  inbox_limits limits = {};
};

/// The in-app messages of one partition's recipients: child of the partition, gone with it and
/// rebuilt from its facts. Proposes, never appends; shows nothing that is not durable.
class inbox_state {
public:
  static inline const char* name = "inbox";

  explicit inbox_state(inbox_actor::stateful_pointer<inbox_state> self) : self_(self) {}

  inbox_actor::behavior_type make_behavior(inbox_arguments args);

private:
  inbox_proposal on_command(const inbox_command& what);
  void on_facts(const apply_facts& what);
  void on_durable(const frames_durable& what);
  inbox_resumed on_resume(const resume_inbox& what);
  people_parts on_collect(const collect_people& whose);
  void on_restore(const restore_people& what);
  void on_evict(const evict_people& whose);

  inbox_actor::stateful_pointer<inbox_state> self_;
  inbox_arguments args_;
  std::optional<inbox_model> model_;
};

/// Spawn function of an inbox.
inbox_actor::behavior_type inbox(inbox_actor::stateful_pointer<inbox_state> self,
                                 inbox_arguments args);

} // namespace carillon
