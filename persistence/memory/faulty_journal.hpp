#pragma once

#include "messages/interfaces.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>

namespace carillon::persistence {

/// When a `faulty_journal` fails. Shared with the test, which may move it at any time.
struct fault_plan {
  std::atomic<std::uint32_t> fail_before{0}; ///< so many of the next appends are not written
  std::atomic<std::uint32_t> fail_after{0};  ///< so many are written, and said not to be
  std::atomic<double> chance_before{0};      ///< of each append
  std::atomic<double> chance_after{0};
  std::uint64_t seed = 1;
  std::atomic<std::uint64_t> faults{0}; ///< how many there were
};

/// A journal in front of another one that fails appends before or after the write. As a real lane,
/// it refuses all further appends of a partition that saw a failure, until it is loaded again.
class faulty_journal_state {
public:
  static inline const char* name = "faulty_journal";
  explicit faulty_journal_state(journal_actor::stateful_pointer<faulty_journal_state> self);
  journal_actor::behavior_type make_behavior(journal_actor behind,
                                             std::shared_ptr<fault_plan> plan);

private:
  caf::typed_response_promise<appended> on_append(append& what);
  bool happens(std::atomic<std::uint32_t>& count, const std::atomic<double>& chance);

  journal_actor::stateful_pointer<faulty_journal_state> self_;
  journal_actor behind_;
  std::shared_ptr<fault_plan> plan_;
  std::mt19937_64 random_;
  std::array<bool, partition_count> failed_{};
};

journal_actor::behavior_type faulty_journal(
    journal_actor::stateful_pointer<faulty_journal_state> self, journal_actor behind,
    std::shared_ptr<fault_plan> plan);

} // namespace carillon::persistence
