#pragma once

#include "messages/interfaces.hpp"
#include "messages/time.hpp"

#include "persistence/postgres/store_queries.hpp"

#include <memory>
#include <vector>

namespace carillon::persistence {

/// What the store is spawned with.
struct store_options {
  std::string url;
  const carillon::clock* clock = nullptr; ///< for the lists' `as_of`; outlives the actor
  std::size_t workers = 3;
};

/// One connection of the store. Spawned detached by the store, lives as long as it.
class store_worker_state {
public:
  static inline const char* name = "store_worker";
  explicit store_worker_state(store_actor::stateful_pointer<store_worker_state> self);
  store_actor::behavior_type make_behavior(const store_options& options);

private:
  template <class Answer, class Query>
  caf::result<Answer> attempt_twice(Query query);
  template <class Query>
  caf::result<answer> on_list(const Query& query, bool dead_letters);

  std::unique_ptr<store_queries> queries_;
  const carillon::clock* clock_ = nullptr;
};

/// All queries that are no lane's, on a small pool of connections: reads go round, writes to the
/// catalogue through the first one, in order.
class store_state {
public:
  static inline const char* name = "store";
  explicit store_state(store_actor::stateful_pointer<store_state> self);
  ~store_state();
  store_actor::behavior_type make_behavior(const store_options& options);

private:
  const store_actor& next();

  store_actor::stateful_pointer<store_state> self_;
  std::vector<store_actor> workers_;
  std::size_t turn_ = 0;
};

store_actor::behavior_type store(store_actor::stateful_pointer<store_state> self,
                                 store_options options);

} // namespace carillon::persistence
