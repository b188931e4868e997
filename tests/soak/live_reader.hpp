#pragma once

#include "tests/harness/websocket_client.hpp"
#include "tests/soak/diary.hpp"
#include "tests/soak/scene.hpp"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace carillon::soak {

/// One recipient's live session on a thread of its own, that breaks, stays away and resumes, and
/// holds every frame's offset against the one before.
class live_reader {
public:
  live_reader(const scene& about, diary& told, std::uint64_t seed, unsigned number);
  ~live_reader();
  live_reader(const live_reader&) = delete;
  live_reader& operator=(const live_reader&) = delete;

  /// Stays connected from now on.
  void settle() {
    calm_ = true;
  }
  /// Offset of the last frame.
  std::uint64_t offset() const {
    return offset_;
  }
  const std::string& who() const {
    return who_;
  }
  /// Ends the thread; then `seen` is whole.
  void stop();
  const std::vector<std::string>& seen() const {
    return seen_;
  }

private:
  void run();
  void live_once();
  void greet(harness::websocket_client& session);
  void take(harness::websocket_client& session, const nlohmann::json& frame);
  void complain(const std::string& what, const nlohmann::json& frame);

  const scene& scene_;
  diary& told_;
  std::mt19937_64 dice_;
  std::string who_;
  std::atomic<bool> calm_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> offset_{0};
  std::vector<std::string> seen_; // ids of messages, in order
  std::thread thread_;
};

} // namespace carillon::soak
