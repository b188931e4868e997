#pragma once

#include "messages/commands.hpp"

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace carillon {

/// Requests with an Idempotency-Key whose home is this partition, folded from the journal (24 h).
class request_memory {
public:
  explicit request_memory(duration window) : window_(window) {}

  /// What a claim of `key` with that body comes to. `fresh` also where an earlier claim was never
  /// answered because the node died: the effect dedupes by itself, so repeating it repairs.
  [[nodiscard]] claim_answer ask(const hash16& key, const hash16& body) const;

  /// A claim is being worked on by this process.
  void start(const hash16& key) {
    entries_[key].running = true;
  }
  void withdraw(const hash16& key);

  void apply(const fact& f, timestamp at);

private:
  struct entry {
    hash16 body;
    std::uint16_t http_status = 0;
    bool running = false;
    std::string answer;
  };
  duration window_;
  absl::flat_hash_map<hash16, entry> entries_;
  std::deque<std::pair<timestamp, hash16>> order_;
};

} // namespace carillon
