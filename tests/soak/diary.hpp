#pragma once

#include "messages/ids.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace carillon::soak {

/// An event and what its 202 named, in order.
struct told_event {
  nlohmann::json event;
  std::vector<std::string> ids;
};

/// What the clients did and were told: one for all their threads. Keeps everything that is to be
/// checked at the end, and a sample of the events, old ones too, to be repeated.
class diary {
public:
  static constexpr std::size_t most_kept = 3'000;

  void accepted(const nlohmann::json& event, const std::vector<std::string>& ids,
                std::mt19937_64& dice);
  void accepted_direct(const std::string& id);
  void complain(std::string what);

  /// A notification that may still wait, with the correlation key of its event.
  void may_be_moved(const std::string& id, const std::string& key);

  struct movable {
    std::string id;
    std::string key;
  };
  /// One of the latest; empty fields if there is none.
  movable any_movable(std::mt19937_64& dice) const;
  told_event any_event(std::mt19937_64& dice) const;

  void cancelled(const std::string& id, const std::string& result);

  // -- for the audit, when the clients have ended -------------------------------
  const std::vector<told_event>& sample() const {
    return sample_;
  }
  const std::set<notification_id>& acknowledged() const {
    return acknowledged_;
  }
  const std::map<std::string, std::string>& cancels() const {
    return cancels_;
  }
  const std::vector<std::string>& complaints() const {
    return complaints_;
  }

  std::atomic<std::size_t> requests{0};
  std::atomic<std::size_t> events{0};   ///< acknowledged
  std::atomic<std::size_t> refused{0};  ///< 429 and 503, repeated
  std::atomic<std::size_t> cut{0};      ///< connections that ended under a request, repeated
  std::atomic<std::size_t> repeats{0};  ///< of acknowledged events
  std::atomic<std::size_t> rejected{0}; ///< invalid input, refused as it must be
  std::atomic<std::size_t> frames{0};   ///< at live readers
  std::atomic<std::size_t> resumes{0};  ///< of live readers

private:
  mutable std::mutex mutex_;
  std::vector<told_event> sample_;
  std::size_t offered_ = 0;
  std::set<notification_id> acknowledged_;
  std::vector<movable> movable_;
  std::size_t next_movable_ = 0;
  std::map<std::string, std::string> cancels_;
  std::vector<std::string> complaints_;
};

} // namespace carillon::soak
