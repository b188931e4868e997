#pragma once

#include <spdlog/spdlog.h>

namespace carillon::test {

/// Nothing is logged while it lives: for tests that do the same bad thing a hundred times.
class quiet_log {
public:
  quiet_log() : before_(spdlog::get_level()) {
    spdlog::set_level(spdlog::level::off);
  }
  ~quiet_log() {
    spdlog::set_level(before_);
  }
  quiet_log(const quiet_log&) = delete;
  quiet_log& operator=(const quiet_log&) = delete;

private:
  spdlog::level::level_enum before_;
};

} // namespace carillon::test
