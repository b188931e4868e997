#pragma once

#include <string_view>

namespace carillon::daemon {

// What the service manager (systemd, Type=notify) is told; nothing happens where there is none.
// sd_notify(3).

void tell_ready(std::string_view status);
void tell_stopping();

} // namespace carillon::daemon
