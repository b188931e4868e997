#include "adapters/providers/support/http_types.hpp"

namespace carillon::providers {

std::string_view to_string(transport x) noexcept {
  switch (x) {
  case transport::answered:
    return "answered";
  case transport::never_connected:
    return "never_connected";
  case transport::maybe_sent:
    return "maybe_sent";
  }
  return "?";
}

std::string_view to_string(call_failure x) noexcept {
  switch (x) {
  case call_failure::none:
    return "none";
  case call_failure::resolve:
    return "resolve";
  case call_failure::connect:
    return "connect";
  case call_failure::tls:
    return "tls";
  case call_failure::timed_out:
    return "timed_out";
  case call_failure::reset:
    return "reset";
  case call_failure::cancelled:
    return "cancelled";
  case call_failure::too_large:
    return "too_large";
  case call_failure::protocol:
    return "protocol";
  case call_failure::other:
    return "other";
  }
  return "?";
}

} // namespace carillon::providers
