#pragma once

#include "messages/engine.hpp"

#include <absl/container/btree_set.h>

#include <utility>
#include <vector>

namespace carillon {

/// The deadlines of a partition in order of time, one a notification. Who arms says which deadline
/// the new one replaces, so that nothing else need be kept of each.
class scheduler_model {
public:
  /// Sets, replaces or (far_future) takes away the notification's deadline.
  void arm(const arm_deadline& what);

  /// Takes out everything due at `now`, in order of time.
  std::vector<notification_id> take_due(timestamp now);

  /// The next deadline; far_future if there is none.
  [[nodiscard]] timestamp next() const;

  [[nodiscard]] std::size_t size() const {
    return deadlines_.size();
  }

private:
  absl::btree_set<std::pair<timestamp, notification_id>> deadlines_;
};

} // namespace carillon
