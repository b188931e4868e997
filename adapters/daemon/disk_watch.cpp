#include "adapters/daemon/disk_watch.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace carillon::daemon {

disk_watch::disk_watch(std::uint64_t least, room look, listener tell,
                       std::chrono::milliseconds every)
    : least_(least), look_(std::move(look)), tell_(std::move(tell)), every_(every) {
  thread_ = std::thread{[this] { run(); }};
}

disk_watch::~disk_watch() {
  {
    std::lock_guard guard{mutex_};
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void disk_watch::run() {
  std::unique_lock guard{mutex_};
  do {
    guard.unlock();
    look_once();
    guard.lock();
  } while (!changed_.wait_for(guard, every_, [this] { return stop_; }));
}

void disk_watch::look_once() {
  auto left = look_();
  bool is_short = left < least_;
  if (std::exchange(short_, is_short) == is_short)
    return;
  journal_health health;
  health.lane = number;
  health.state = is_short ? journal_state::down : journal_state::ok;
  if (is_short) {
    health.detail = fmt::format("only {} MiB of disk are left", left >> 20U);
    spdlog::error("{}: events are refused", health.detail);
  } else {
    spdlog::info("there is room on the disk again");
  }
  tell_(health);
}

} // namespace carillon::daemon
