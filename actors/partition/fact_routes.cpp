#include "actors/partition/fact_routes.hpp"

namespace carillon {

namespace {

struct channel_of_fact {
  const notification_entry* entry;

  channel operator()(const attempt_started& f) const {
    return f.on;
  }
  channel operator()(const step_held& f) const {
    return at(f.step);
  }
  channel operator()(const step_suppressed& f) const {
    return at(f.step);
  }
  channel operator()(const fallback_taken& f) const {
    return at(f.from_step);
  }
  channel operator()(const consent_recorded& f) const {
    return f.on;
  }
  template <class Other>
  channel operator()(const Other&) const {
    return channel::sms;
  }

private:
  channel at(std::uint8_t step) const {
    return entry != nullptr && step < entry->state.plan->steps.size()
               ? entry->state.plan->steps[step].on
               : channel::sms;
  }
};

} // namespace

channel channel_of(const fact& f, const notification_entry* entry) {
  return std::visit(channel_of_fact{entry}, f);
}

bool concerns_gate(fact_type t) noexcept {
  return family_of(t) == fact_family::ledger;
}

bool concerns_limiter(fact_type t) noexcept {
  switch (t) {
  case fact_type::attempt_started:
  case fact_type::step_held:
  case fact_type::step_suppressed:
  case fact_type::fallback_taken:
  case fact_type::cancelled:
  case fact_type::expired:
  case fact_type::dead_lettered:
  case fact_type::discarded:
  case fact_type::recipient_erased:
    return true;
  default:
    return false;
  }
}

bool concerns_inbox(fact_type t) noexcept {
  switch (t) {
  case fact_type::in_app_posted:
  case fact_type::in_app_changed:
  case fact_type::recipient_erased:
    return true;
  default:
    return false;
  }
}

bool is_content(fact_type t) noexcept {
  return t == fact_type::notification_planned || t == fact_type::rescheduled;
}

bool concerns_children(fact_type t) noexcept {
  return concerns_gate(t) || concerns_limiter(t) || concerns_inbox(t);
}

bool concerns_person(fact_type t) noexcept {
  return concerns_gate(t) || concerns_inbox(t) || t == fact_type::attempt_started;
}

} // namespace carillon
