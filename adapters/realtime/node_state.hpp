#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "adapters/realtime/bridge.hpp"
#include "adapters/realtime/settings.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace carillon::realtime {

/// What all sessions of a node share.
struct node_state {
  realtime_settings settings;
  hub_actor hub;
  bridge_actor bridge;
  metrics* numbers = nullptr; ///< null: nothing is counted
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> sessions{0};
  std::mutex mutex;
  std::condition_variable all_gone; ///< told when `sessions` reaches 0

  /// @returns false if there are as many as there may be.
  bool admit() {
    if (sessions.fetch_add(1) < settings.max_sessions)
      return true;
    dismiss();
    return false;
  }
  void dismiss() {
    if (sessions.fetch_sub(1) == 1) {
      std::lock_guard lock{mutex};
      all_gone.notify_all();
    }
  }
};

} // namespace carillon::realtime
