#pragma once

namespace carillon::daemon {

inline constexpr auto version = "0.1.0";

} // namespace carillon::daemon
