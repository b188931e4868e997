#pragma once

#include "messages/engine.hpp"

#include <absl/container/flat_hash_map.h>

#include <vector>

namespace carillon {

/// A heap of deadlines, one per notification. A deadline that was replaced stays in the heap until
/// it comes up or until such entries outnumber the living ones.
class scheduler_model {
public:
  /// Sets, replaces or (far_future) takes away the notification's deadline.
  void arm(const arm_deadline& what);

  /// Takes out everything due at `now`, in order of time.
  std::vector<notification_id> take_due(timestamp now);

  /// The next deadline; far_future if there is none.
  timestamp next();

  [[nodiscard]] std::size_t size() const {
    return armed_.size();
  }
  [[nodiscard]] std::size_t heap_size() const {
    return heap_.size();
  }

private:
  struct entry {
    timestamp at;
    notification_id id;
    friend bool operator>(const entry& a, const entry& b) {
      return a.at != b.at ? a.at > b.at : a.id > b.id;
    }
  };

  [[nodiscard]] bool is_stale(const entry& e) const;
  void pop();
  void drop_stale_front();
  void rebuild();

  absl::flat_hash_map<notification_id, timestamp> armed_;
  std::vector<entry> heap_;
};

} // namespace carillon
