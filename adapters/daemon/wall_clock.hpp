#pragma once

#include "messages/time.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

namespace carillon::daemon {

/// The node's wall clock, and the one who notices when it jumps. With an offset file (tests only)
/// it shows the system's time moved by what the file says: `90s`, `+25h`, `-30min`; empty or
/// missing: nothing.
class wall_clock final : public clock {
public:
  /// `jumped` is called from the clock's thread when the system's clock was set or the file
  /// changed.
  wall_clock(std::filesystem::path offset_file, std::function<void()> jumped);
  ~wall_clock() override;
  wall_clock(const wall_clock&) = delete;
  wall_clock& operator=(const wall_clock&) = delete;

  [[nodiscard]] timestamp now() const noexcept override;

  /// Begins to watch. Before it nobody is called.
  void watch();

  /// Ends the watch: nobody is called any more. Idempotent.
  void rest();

private:
  void run();
  bool read_offset();

  std::filesystem::path file_;
  std::function<void()> jumped_;
  std::atomic<duration::rep> offset_{0};
  int stop_ = -1;
  std::thread thread_;
};

/// Reads what an offset file says; nothing if it is none.
std::optional<duration> parse_offset(std::string_view text);

} // namespace carillon::daemon
