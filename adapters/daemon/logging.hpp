#pragma once

#include "config/settings.hpp"

namespace carillon::daemon {

/// Makes spdlog's default logger write to standard error: one JSON object a line
/// (`{"time","level","thread","message"}`), or text. Call once, before other threads log.
void start_logging(const log_settings& how);

} // namespace carillon::daemon
