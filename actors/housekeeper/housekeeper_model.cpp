#include "actors/housekeeper/housekeeper_model.hpp"

#include <algorithm>

namespace carillon {

namespace {

bool is_open(const segment_info& x) {
  return x.closed_at == no_time;
}

bool is_full(const segment_info& x, timestamp now, const journal_settings& with) {
  return x.rows >= with.segment_rows || (x.rows > 0 && x.created_at + with.segment_age <= now);
}

} // namespace

housekeeping_step next_step(const std::vector<segment_info>& segments, timestamp now,
                            const journal_settings& with, const housekeeping_over& over) {
  using kind = housekeeping_step::kind;
  auto first = [&](auto wanted) {
    auto i = std::find_if(segments.begin(), segments.end(), wanted);
    return i == segments.end() ? nullptr : &*i;
  };
  if (!over.rotate && first([&](const auto& x) { return is_open(x) && is_full(x, now, with); }))
    return {kind::rotate, 0};
  const auto* closed = first([](const auto& x) { return !is_open(x) && x.settled_at == no_time; });
  if (!over.settle && closed)
    return {kind::settle, closed->number};
  if (over.drop || with.keep == duration{0})
    return {};
  const auto* settled = first([](const auto& x) { return x.settled_at != no_time; });
  if (settled && settled->closed_at + with.keep <= now)
    return {kind::drop, settled->number};
  return {};
}

} // namespace carillon
