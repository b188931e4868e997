#pragma once

#include "messages/interfaces.hpp"
#include "messages/time.hpp"

#include "persistence/memory/memory_database.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace carillon::persistence {

/// A journal lane on a `memory_database`. Gathers and "commits" in a second step, as the real one.
class memory_journal_state {
public:
  static inline const char* name = "memory_journal";
  explicit memory_journal_state(journal_actor::stateful_pointer<memory_journal_state> self);
  journal_actor::behavior_type make_behavior(std::shared_ptr<memory_database> database,
                                             std::uint32_t lane, projector_actor projector);

private:
  struct entry {
    append what;
    caf::typed_response_promise<appended> answer;
  };

  caf::typed_response_promise<appended> on_append(append& what);
  void on_load(const load_partitions& what);
  void send_rows(const partition_actor& to, std::vector<journal_row> rows, bool settled);
  void on_flush();

  journal_actor::stateful_pointer<memory_journal_state> self_;
  std::shared_ptr<memory_database> database_;
  projector_actor projector_;
  std::uint32_t lane_ = 0;
  std::vector<entry> gathered_;
  std::array<bool, partition_count> refused_{}; ///< partitions that must load before they append
};

journal_actor::behavior_type memory_journal(
    journal_actor::stateful_pointer<memory_journal_state> self,
    std::shared_ptr<memory_database> database, std::uint32_t lane, projector_actor projector);

/// Writes read models at once and tells the partitions of its lane.
class memory_projector_state {
public:
  static inline const char* name = "memory_projector";
  explicit memory_projector_state(projector_actor::stateful_pointer<memory_projector_state> self);
  projector_actor::behavior_type make_behavior(std::shared_ptr<memory_database> database);

private:
  void on_batch(const committed_batch& batch);

  projector_actor::stateful_pointer<memory_projector_state> self_;
  std::shared_ptr<memory_database> database_;
  std::shared_ptr<const partition_table> partitions_;
};

projector_actor::behavior_type memory_projector(
    projector_actor::stateful_pointer<memory_projector_state> self,
    std::shared_ptr<memory_database> database);

/// Queries of a `memory_database`. `clock` gives the lists' `as_of` and outlives the actor.
class memory_store_state {
public:
  static inline const char* name = "memory_store";
  explicit memory_store_state(store_actor::stateful_pointer<memory_store_state> self);
  store_actor::behavior_type make_behavior(std::shared_ptr<memory_database> database,
                                           const carillon::clock* clock);

private:
  template <class Query>
  answer on_list(const Query& query, bool dead_letters) const;

  std::shared_ptr<memory_database> database_;
  const carillon::clock* clock_ = nullptr;
};

store_actor::behavior_type memory_store(store_actor::stateful_pointer<memory_store_state> self,
                                        std::shared_ptr<memory_database> database,
                                        const carillon::clock* clock);

} // namespace carillon::persistence
