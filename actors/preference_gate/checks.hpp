#pragma once

#include "messages/engine.hpp"

#include "actors/preference_gate/resolve.hpp"

#include <array>
#include <string>

/// The checks of the gate, one file each. A check is a pure function of what is asked and the time.
namespace carillon {

/// What a check looks at.
struct gate_question {
  const assessment& about;
  channel on;
  const preference_layers& layers;
  const category_policy& policy;
  const date::time_zone* home;      ///< the recipient's zone, or null
  std::uint8_t opted_out;           ///< bit (1 << channel): of everything
  std::uint8_t opted_out_marketing; ///< of what one may opt out of
};

/// What it says. `pass` also where the check does not concern the category.
struct gate_opinion {
  verdict says = verdict::pass;
  reason why = reason::none;
  layer from = layer::none;
  timestamp until = no_time; ///< for hold
  std::string inputs;
};

gate_opinion check_channel_switch(const gate_question& q, timestamp now);
gate_opinion check_consent(const gate_question& q, timestamp now);
gate_opinion check_global_opt_out(const gate_question& q, timestamp now);
gate_opinion check_category_switch(const gate_question& q, timestamp now);
gate_opinion check_do_not_disturb(const gate_question& q, timestamp now);
gate_opinion check_quiet_hours(const gate_question& q, timestamp now);

struct gate_check {
  check name;
  gate_opinion (*ask)(const gate_question&, timestamp now);
};

/// All of them, in the order in which they are asked; the first that does not pass decides.
inline constexpr std::array<gate_check, 6> gate_checks{
    {{check::channel_switch, check_channel_switch},
     {check::consent, check_consent},
     {check::global_opt_out, check_global_opt_out},
     {check::category_switch, check_category_switch},
     {check::do_not_disturb, check_do_not_disturb},
     {check::quiet_hours, check_quiet_hours}}};

} // namespace carillon
