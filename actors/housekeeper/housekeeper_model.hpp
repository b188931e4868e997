#pragma once

#include "messages/people.hpp"
#include "messages/time.hpp"

#include "config/settings.hpp"

#include <cstdint>
#include <vector>

namespace carillon {

/// Something to be done to a segment of the journal.
struct housekeeping_step {
  enum class kind : std::uint8_t { none, rotate, settle, drop };
  kind what = kind::none;
  std::int32_t segment = 0; ///< for settle and drop
  friend bool operator==(const housekeeping_step&, const housekeeping_step&) = default;
};

/// What a round does no more: it was done, or it cannot be done now.
struct housekeeping_over {
  bool rotate = false;
  bool settle = false;
  bool drop = false;
};

/// What is due next: begin another segment when the open one is large, or old and not empty; settle
/// the oldest closed one; drop the oldest settled one when it was kept for long enough.
[[nodiscard]] housekeeping_step next_step(const std::vector<segment_info>& segments, timestamp now,
                                          const journal_settings& with,
                                          const housekeeping_over& over = {});

} // namespace carillon
