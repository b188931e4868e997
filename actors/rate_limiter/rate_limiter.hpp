#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/rate_limiter/rate_limiter_model.hpp"

#include <caf/stateful_actor.hpp>

namespace carillon {

struct rate_limiter_arguments {
  std::array<window_limits, enum_count<channel>> limits;
  metrics* count = nullptr;
};

/// Shell of the model. Owned by its partition, dies with it, never sends anything of its own.
class rate_limiter_state {
public:
  static inline const char* name = "rate_limiter";
  explicit rate_limiter_state(rate_limiter_actor::stateful_pointer<rate_limiter_state>) {}
  rate_limiter_actor::behavior_type make_behavior(const rate_limiter_arguments& args);

private:
  assess on_assess(assess& question);
  [[nodiscard]] people_parts on_collect(const collect_people& whose) const;

  std::optional<rate_limiter_model> model_;
};

rate_limiter_actor::behavior_type rate_limiter(
    rate_limiter_actor::stateful_pointer<rate_limiter_state> self, rate_limiter_arguments args);

} // namespace carillon
