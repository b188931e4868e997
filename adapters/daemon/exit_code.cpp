#include "adapters/daemon/exit_code.hpp"

namespace carillon::daemon {

exit_code exit_code_of(persistence::failure_kind kind) noexcept {
  using persistence::failure_kind;
  switch (kind) {
  case failure_kind::initialise:
  case failure_kind::start:
  case failure_kind::unreachable:
  case failure_kind::query:
    return database_unreachable;
  case failure_kind::migration:
  case failure_kind::database_newer:
    return database_unfit;
  default:
    return bad_configuration;
  }
}

} // namespace carillon::daemon
