#pragma once

#include "tests/bench/stack.hpp"

#include <chrono>
#include <cstdint>

namespace carillon::bench {

/// Plans that many notifications by SMS for 24 hours from now, over HTTP in batches of 100, one
/// journal row each, for the stack's recipients in turn. Throws `failure` if not all are accepted
/// within the bound; gives the time it took.
std::chrono::duration<double> plan_for_tomorrow(stack& whole, std::uint64_t count,
                                                unsigned recipients, std::chrono::seconds bound);

} // namespace carillon::bench
