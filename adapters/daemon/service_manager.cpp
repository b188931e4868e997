#include "adapters/daemon/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <string>

namespace carillon::daemon {

void tell_ready(std::string_view status) {
  ::sd_notify(0, ("READY=1\nSTATUS=" + std::string{status}).c_str());
}

void tell_stopping() {
  ::sd_notify(0, "STOPPING=1");
}

} // namespace carillon::daemon
