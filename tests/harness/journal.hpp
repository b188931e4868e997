#pragma once

#include "messages/facts.hpp"

#include <string>
#include <vector>

namespace carillon::harness {

/// A row of journal or ledger, read from outside the daemon.
struct journal_fact {
  unsigned partition = 0;
  std::uint64_t sequence = 0;
  unsigned lane = 0;
  std::uint64_t position = 0;
  timestamp at;
  notification_id id; ///< nil where it is about none
  fact body;
};

/// Every fact in the database, of all segments and of the ledger, by partition and sequence. Throws
/// `failure` for a row that cannot be decoded.
std::vector<journal_fact> read_journal(const std::string& url);

/// One value of one statement, as text.
std::string read_value(const std::string& url, const std::string& sql);

} // namespace carillon::harness
