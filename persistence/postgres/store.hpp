#pragma once

#include "messages/interfaces.hpp"
#include "messages/time.hpp"

#include "persistence/postgres/segments.hpp"
#include "persistence/postgres/store_queries.hpp"

#include <caf/typed_response_promise.hpp>

#include <atomic>
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

using store_worker_actor = caf::typed_actor<
    on<read_facts>::reply<facts_read>, on<read_many>::reply<many_read>,
    on<find_event>::reply<event_found>, on<list_notifications>::reply<answer>,
    on<list_dead_letters>::reply<answer>, on<load_catalogue>::reply<catalogue_rows>,
    on<save_catalogue>::reply<catalogue_saved>, on<save_snapshots>::reply<snapshots_saved>,
    on<read_snapshots>::reply<snapshots_read>, on<get_health>::reply<health>>;
using segment_worker_actor = caf::typed_actor<on<tend_segments>::reply<segments_listed>>;

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
  caf::result<catalogue_saved> on_save(const save_catalogue& what);
  caf::result<snapshots_saved> on_save(const save_snapshots& what);
  health on_health();

  std::unique_ptr<store_queries> queries_;
  const carillon::clock* clock_ = nullptr;
};

/// Tends segments on a connection of its own: settling takes seconds, and nobody is to wait for it.
/// Spawned detached by the store; ends what is under way when the store ends.
class segment_worker_state {
public:
  static inline const char* name = "segment_worker";
  explicit segment_worker_state(segment_worker_actor::stateful_pointer<segment_worker_state> self);
  segment_worker_actor::behavior_type make_behavior(const std::string& url,
                                                    std::shared_ptr<const std::atomic<bool>> ended);

private:
  caf::result<segments_listed> on_tend(const tend_segments& what);

  std::unique_ptr<segment_queries> queries_;
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
  segment_worker_actor segments_;
  std::shared_ptr<std::atomic<bool>> ended_ = std::make_shared<std::atomic<bool>>(false);
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
