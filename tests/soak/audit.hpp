#pragma once

#include "tests/soak/conductor.hpp"
#include "tests/soak/diary.hpp"
#include "tests/soak/history.hpp"
#include "tests/soak/live_reader.hpp"
#include "tests/soak/scene.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace carillon::soak {

/// What the soak found.
struct verdict_of_soak {
  std::size_t planned = 0;
  std::array<std::size_t, 8> fates{}; ///< by `fate`
  std::size_t explained = 0;          ///< of those without an effect
  std::size_t doubled = 0;
  std::size_t unmarked = 0;
  std::size_t lost
      = 0; ///< acknowledged and not planned, or planned and with neither end nor reason
  std::size_t calls = 0;
  std::size_t unknown = 0;
  std::size_t facts = 0;
  std::size_t inbox_messages = 0;
  std::size_t repeated_at_the_end = 0;
  std::vector<std::string> problems;
};

/// Holds everything against everything, at rest: what the clients were told, the journal, the
/// provider's record, the read models, and each event repeated once more.
class audit {
public:
  audit(scene& about, diary& told, timestamp began);

  /// Waits until nothing is due and undone. False when it is not so within the bound.
  bool await_rest(std::chrono::milliseconds bound);

  verdict_of_soak run(const std::vector<std::unique_ptr<live_reader>>& readers);

private:
  void read();
  void check_accounts();
  void check_ledger();
  void check_cancels();
  void check_repeats();
  void check_lists();
  void check_listed(const std::string& id, const nlohmann::json& item);
  void check_explained();
  void check_readers(const std::vector<std::unique_ptr<live_reader>>& readers);
  void problem(std::string what);

  scene& scene_;
  diary& told_;
  timestamp began_;
  harness::http_client api_;
  std::vector<harness::journal_fact> facts_;
  std::vector<harness::sim_message> messages_;
  history history_;
  verdict_of_soak out_;
};

} // namespace carillon::soak
