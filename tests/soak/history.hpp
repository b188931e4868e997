#pragma once

#include "tests/harness/journal.hpp"
#include "tests/harness/simulator.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace carillon::soak {

/// How a notification stands at the end: the first that is true.
enum class fate { sent, suppressed, cancelled, expired, dead_lettered, given_up, waiting, lost };

std::string_view to_string(fate which);

/// What became of one notification, by journal and provider.
struct account {
  std::string event;
  std::string recipient;
  fate ended = fate::lost;
  unsigned doubled = 0;  ///< messages beyond the first of a step, after an unknown outcome
  unsigned unmarked = 0; ///< ... after none
};

/// What is read: both histories, and who may not get an SMS when.
struct history_input {
  const std::vector<harness::journal_fact>& facts;
  const std::vector<harness::sim_message>& messages;
  timestamp now; ///< the daemon's clock: what is due later waits
  std::function<bool(const std::string& recipient, timestamp at)> is_quiet;
};

/// The journal folded with the provider's record, in a way of its own: the ledger of tests/harness
/// compares call by call, this asks of each notification what came of it.
struct history {
  std::map<notification_id, account> accounts;
  std::map<std::string, std::vector<std::string>> inboxes; ///< ids posted, by recipient, in order
  std::map<std::string, std::uint64_t> offsets;            ///< the last of each inbox
  std::vector<std::string> problems; ///< offsets with holes, calls in a forbidden time
};

history read_history(const history_input& input);

} // namespace carillon::soak
