#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "adapters/daemon/exit_code.hpp"
#include "adapters/daemon/storage.hpp"
#include "config/settings.hpp"
#include "persistence/postgres/lease.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace carillon::daemon {

/// Hands a lane's health to whoever is interested. Lanes are spawned before those, hence the list.
class journal_listeners {
public:
  using listener = std::function<void(const journal_health&)>;
  void add(listener who);
  void tell(const journal_health& what) const;

private:
  mutable std::mutex mutex_;
  std::vector<listener> listeners_;
};

/// The lease of this node, its lanes with their projectors, and the store. Everything that speaks
/// SQL while the node serves.
class journal_part {
public:
  struct hooks {
    std::function<void(const std::string& holder)> standby; ///< another node has the lease
    std::function<bool()> give_up; ///< asked often while waiting for the lease
    std::function<void()> fenced;  ///< another node took over; from any thread, more than once
  };

  journal_part(caf::actor_system& system, const storage& where, const settings& with,
               const clock& time, std::shared_ptr<metrics> numbers);
  ~journal_part();
  journal_part(const journal_part&) = delete;
  journal_part& operator=(const journal_part&) = delete;

  /// Waits for the lease, then spawns. Errors: in one line.
  std::optional<start_failure> start(const hooks& call);

  /// Ends the actors (which are drained by then) and gives the lease back.
  void stop();

  [[nodiscard]] const std::vector<journal_actor>& lanes() const {
    return lanes_;
  }
  [[nodiscard]] const std::vector<projector_actor>& projectors() const {
    return projectors_;
  }
  [[nodiscard]] const store_actor& store() const {
    return store_;
  }
  [[nodiscard]] const std::shared_ptr<lease_view>& lease() const {
    return lease_view_;
  }
  journal_listeners& listeners() {
    return *listeners_;
  }

private:
  void spawn_lane(std::uint32_t lane, std::uint64_t epoch, const std::function<void()>& fenced);

  caf::actor_system& system_;
  std::string url_;
  std::uint32_t lane_count_;
  const settings& with_;
  const clock& time_;
  std::shared_ptr<metrics> numbers_;
  std::shared_ptr<lease_view> lease_view_ = std::make_shared<lease_view>();
  std::shared_ptr<journal_listeners> listeners_ = std::make_shared<journal_listeners>();
  std::unique_ptr<persistence::lease_keeper> keeper_;
  std::vector<journal_actor> lanes_;
  std::vector<projector_actor> projectors_;
  store_actor store_;
};

} // namespace carillon::daemon
