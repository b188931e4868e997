#pragma once

#include "messages/ids.hpp"

#include <string>

namespace carillon {

/// What a log calls a recipient: twelve digits by which lines about the same one are found, and
/// nobody is.
inline std::string log_name(const tenant_id& tenant, const recipient_id& recipient) {
  return '#' + to_hex(make_hash(tenant.str(), recipient.str())).substr(0, 12);
}

} // namespace carillon
