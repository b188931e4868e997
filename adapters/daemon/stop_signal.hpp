#pragma once

#include <chrono>
#include <functional>

namespace carillon::daemon {

/// How the process is told to end: SIGTERM, SIGINT, or one of our own threads. Made first of all,
/// before any thread, so that the signals are blocked everywhere and only taken here.
class stop_signal {
public:
  stop_signal();
  ~stop_signal();
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;

  /// Waits. Gives the exit code to end with: 0 for a signal, else what `request` was given.
  int wait();

  /// Runs `work` on a thread of its own and waits for its end. False: told to stop meanwhile, the
  /// work goes on and the process should end at once.
  bool run(const std::function<void()>& work);

  /// Any thread: end the process in good order, with this exit code. The first one counts.
  void request(int code) noexcept;

  /// Called when the end has begun: another signal ends the process at once, and so does `limit`.
  /// That is safe, because a crash loses nothing either.
  static void end_at_once_after(std::chrono::microseconds limit, int code);

private:
  int signals_ = -1;
  int requests_ = -1;
};

} // namespace carillon::daemon
