#pragma once

#include "config/settings.hpp"
#include "tests/harness/journal.hpp"
#include "tests/harness/simulator.hpp"

#include <set>
#include <string>
#include <vector>

namespace carillon::harness {

/// What is held against the journal and the provider's record.
struct ledger_input {
  std::vector<journal_fact> facts;
  std::vector<sim_message> messages;
  std::set<notification_id> acknowledged; ///< ids that a 202 named
  window_limits limits;                   ///< per recipient; zeros: none
  bool at_rest = true; ///< all work is done: every notification must have ended or be held
  bool clock_was_real = true;
};

/// What was found.
struct ledger_report {
  std::vector<std::string> problems; ///< empty: journal and provider agree

  std::size_t planned = 0;
  std::size_t attempts = 0;
  std::size_t calls = 0;    ///< that reached the provider
  std::size_t accepted = 0; ///< by the provider
  std::size_t unknown = 0;  ///< outcome_unknown facts
  std::size_t doubled = 0;  ///< messages accepted beyond the first of a notification, explained
  std::size_t sent = 0;     ///< notifications by their end
  std::size_t dead = 0;
  std::size_t other_ends = 0;
  std::size_t held = 0;

  std::string words() const;
};

/// Compares. The rules:
/// 1. Sequences are dense per partition, positions per lane.
/// 2. Every acknowledged id is planned; every (event, recipient, ordinal) is planned once.
/// 3. Every call at the provider has an attempt_started of its own, made durable before.
/// 4. After a call that the provider took, another for the same step follows only where an
///    outcome_unknown, a bounce or a request to resend stands between.
/// 5. What the journal says of a call is what the provider did.
/// 6. At rest every attempt has an outcome and every notification an end, or a hold with a reason.
/// 7. No window of a recipient holds more attempts than its limit.
ledger_report check_ledger(const ledger_input& input);

} // namespace carillon::harness
