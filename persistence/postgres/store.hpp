#pragma once

#include "messages/interfaces.hpp"
#include "messages/time.hpp"

#include "persistence/postgres/store_queries.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <vector>

namespace carillon::persistence {

/// The front to a worker: questions that go to the database together; answered in their order.
struct read_many {
  std::vector<read_facts> questions;
};
struct many_read {
  std::vector<facts_read> answers;
};

using store_worker_actor = store_actor::extend<on<read_many>::reply<many_read>>;

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
  explicit store_worker_state(store_worker_actor::stateful_pointer<store_worker_state> self);
  store_worker_actor::behavior_type make_behavior(const store_options& options);

private:
  template <class Answer, class Query>
  caf::result<Answer> attempt_twice(Query query);
  template <class Query>
  caf::result<answer> on_list(const Query& query, bool dead_letters);

  std::unique_ptr<store_queries> queries_;
  const carillon::clock* clock_ = nullptr;
};

/// All queries that are no lane's, on a small pool of connections: reads go round, writes to the
/// catalogue through the first one, in order. Notifications are read back at once while a
/// connection is free, and else gather: the busier the database, the more go in one statement.
class store_state {
public:
  static inline const char* name = "store";
  explicit store_state(store_actor::stateful_pointer<store_state> self);
  ~store_state();
  store_actor::behavior_type make_behavior(const store_options& options);

private:
  using facts_promise = caf::typed_response_promise<facts_read>;

  const store_worker_actor& next();
  caf::result<facts_read> on_read(const read_facts& question);
  void read_gathered();

  store_actor::stateful_pointer<store_state> self_;
  std::vector<store_worker_actor> workers_;
  std::size_t turn_ = 0;
  std::size_t reading_ = 0; ///< statements under way
  /// Who has waited too long for its rows has given up, or asks again.
  struct waiting_read {
    read_facts question;
    facts_promise promise;
    std::chrono::steady_clock::time_point since;
  };
  std::deque<waiting_read> gathered_;
};

store_actor::behavior_type store(store_actor::stateful_pointer<store_state> self,
                                 store_options options);

} // namespace carillon::persistence

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::persistence::read_many)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::persistence::many_read)
