#pragma once

#include "messages/journal.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>

namespace carillon::daemon {

/// Looks every second how much room is left for the private server, and says so when it becomes too
/// little and when there is enough again: before PostgreSQL itself would stop for it.
class disk_watch {
public:
  using room = std::function<std::uint64_t()>; ///< bytes free now
  using listener = std::function<void(const journal_health&)>;

  /// Stands in for a lane's number in what it says.
  static constexpr std::uint32_t number = std::numeric_limits<std::uint32_t>::max();

  disk_watch(std::uint64_t least, room look, listener tell,
             std::chrono::milliseconds every = std::chrono::seconds{1});
  ~disk_watch();
  disk_watch(const disk_watch&) = delete;
  disk_watch& operator=(const disk_watch&) = delete;

private:
  void run();
  void look_once();

  std::uint64_t least_;
  room look_;
  listener tell_;
  std::chrono::milliseconds every_;
  bool short_ = false;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

} // namespace carillon::daemon
