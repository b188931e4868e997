#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include <caf/actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace carillon {

/// How often and how fast a partition is restarted.
struct restart_policy {
  duration first_wait = std::chrono::milliseconds{100};
  duration longest_wait = std::chrono::seconds{5};
  std::size_t most = 20;                     ///< restarts of one partition ...
  duration window = std::chrono::minutes{5}; ///< ... within this; one more ends the node
};

/// Why a node ends by itself.
enum class node_end : std::uint8_t { fenced, failed };

struct supervisor_arguments {
  std::vector<journal_actor> lanes;
  std::vector<projector_actor> projectors;
  std::vector<sender_actor> senders;
  intake_actor intake;
  hub_actor hub;
  housekeeper_actor housekeeper; ///< may be empty
  /// Actors without which the node is nothing; if one goes down, so does the node.
  std::vector<std::pair<std::string, caf::actor>> essential;
  std::function<partition_actor(partition_id, supervisor_actor)> spawn_partition;
  std::function<void()> on_ready;
  std::function<void(node_end, const std::string&)> on_end;
  const clock* time = nullptr;
  metrics* count = nullptr;
  restart_policy restarts;
  duration drain_timeout = std::chrono::seconds{8};
};

/// Starts, watches, restarts and stops everything on a node. A partition that dies is started anew
/// with all its children and replayed. Knows no business rule.
class supervisor_state {
public:
  static inline const char* name = "supervisor";
  explicit supervisor_state(supervisor_actor::stateful_pointer<supervisor_state> self)
      : self_(self) {}
  supervisor_actor::behavior_type make_behavior(supervisor_arguments args);

private:
  struct slot {
    partition_actor handle;
    bool ready = false;
    std::uint32_t waits = 0; ///< restarts since it was last ready
    std::deque<timestamp> restarts;
  };

  void start();
  void spawn(partition_id p);
  void load(const std::vector<partition_id>& which);
  void on_load_failed(std::size_t lane, const caf::error& why);
  void publish();
  void on_down(const caf::down_msg& m);
  void on_partition_ready(partition_id p);
  void restart_later(partition_id p, const caf::error& why);
  void end(node_end how, const std::string& why);
  caf::result<drained> on_drain();
  void drain_rest(std::size_t stage);
  template <class Actors>
  void drain_all(const Actors& actors, std::size_t stage);
  void stop_all();
  [[nodiscard]] health describe() const;

  supervisor_actor::stateful_pointer<supervisor_state> self_;
  supervisor_arguments args_;
  std::array<slot, partition_count> slots_;
  std::size_t ready_ = 0;
  bool announced_ = false;
  bool draining_ = false;
  std::map<std::uint32_t, journal_health> journal_;
  std::vector<caf::typed_response_promise<drained>> drains_;
};

supervisor_actor::behavior_type supervisor(
    supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_arguments args);

} // namespace carillon
