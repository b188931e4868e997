#pragma once

#include "messages/metrics.hpp"

#include <string>

namespace carillon::daemon {

/// The node's numbers as Prometheus text (exposition format 0.0.4), prefix `carillon_`, base units,
/// no recipient in a label. docs/operations.md lists the names.
std::string metrics_page(const metrics& numbers);

} // namespace carillon::daemon
