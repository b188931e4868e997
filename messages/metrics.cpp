#include "messages/metrics.hpp"

#include <bit>

namespace carillon {

void latency_meter::record(std::uint64_t microseconds) noexcept {
  auto scaled = microseconds >> 8;
  auto bucket = static_cast<std::size_t>(std::bit_width(scaled));
  counts_[bucket < buckets ? bucket : buckets - 1].add();
  sum_.add(microseconds);
}

} // namespace carillon
