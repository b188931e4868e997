#pragma once

#include "tests/soak/audit.hpp"
#include "tests/soak/options.hpp"

namespace carillon::soak {

/// Prints one JSON line on standard output, then the same as a table, then what is wrong. True if
/// nothing is.
bool report(const soak_options& options, const diary& told, const conductor& did,
            const verdict_of_soak& found);

} // namespace carillon::soak
