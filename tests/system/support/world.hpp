#pragma once

#include "tests/harness/daemon.hpp"
#include "tests/harness/ledger.hpp"
#include "tests/harness/setup.hpp"
#include "tests/harness/simulator.hpp"
#include "tests/harness/websocket_client.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::test {

using harness::milliseconds;
using nlohmann::json;
using namespace std::chrono_literals;

/// A recipient of a test: nobody else has this id or number.
struct person {
  std::string id;
  std::string phone;
};

/// A daemon with a simulated provider.
struct world_options {
  bool limits = false;
  window_limits ledger_limits; ///< what the ledger is held against
  std::string toml;
  std::string database_url; ///< empty: embedded
  std::map<std::string, std::string> environment;
  std::vector<std::string> simulator_arguments;
};

class world {
public:
  explicit world(const world_options& options = {});

  harness::work_directory directory;
  harness::provider_simulator simulator;
  harness::daemon daemon;
  harness::http_client api;

  /// A recipient with an SMS number; `more` is merged into its body.
  person new_person(const json& more = json::object());

  /// Another id or number that was not used before.
  std::string fresh(std::string_view prefix);

  /// A rule for an event type of this test; gives the type. `more` is merged into its notification.
  std::string new_rule(const json& more = json::object());

  /// Posts an event about a person and expects one notification; gives its id.
  std::string send(const std::string& type, const person& who, const json& data = json::object());

  json show(const std::string& id);
  std::vector<std::string> timeline(const std::string& id);

  /// Waits until the notification has that status, and gives it.
  json await_status(const std::string& id, std::string_view status, milliseconds bound = 10s);

  /// Adds a rule to the simulator's script that concerns one number.
  void provide(const person& who, json behaviour);

  /// What journal and provider say of everything so far.
  harness::ledger_report ledger(bool at_rest = true, bool clock_was_real = true);

  /// Ids that a 202 named.
  std::set<notification_id> acknowledged;

private:
  window_limits limits_;
};

/// The world of the tests that harm nobody: one for the process, made by the first call.
world& shared_world();

/// Fails the test with the report unless journal and provider agree.
void require_agreement(const harness::ledger_report& report);

/// A notification's id from an answer of POST /v1/events with exactly one.
std::string only_id(const harness::http_reply& reply);

} // namespace carillon::test
