#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "actors/supervisor/supervisor.hpp"
#include "config/settings.hpp"
#include "persistence/memory/faulty_journal.hpp"
#include "persistence/memory/memory_database.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/plain_sealer.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace carillon::test {

/// A provider played by the test: records every call and answers by script, `accepted` where the
/// script is empty.
struct provider_script {
  std::vector<provider_call> calls;
  std::deque<call_outcome> answers;
  bool hangs = false; ///< calls are answered, `accepted`, when `client` gets http_finished
  std::vector<caf::typed_response_promise<call_outcome>> hanging;
  std::function<void(const provider_call&)> on_call;
  provider_actor client;

  static call_outcome accepted() {
    return {call_outcome::kind::accepted, error_class::none, {}, "SM1", {}};
  }
  static call_outcome failed(error_class e) {
    return {call_outcome::kind::failed, e, "x", {}, {}};
  }
  static call_outcome unknown() {
    return {call_outcome::kind::unknown, error_class::none, "timeout", {}, {}};
  }
};

/// A whole engine in the deterministic world: intake, all partitions, a sender each for sms and
/// email, the memory journal behind faults. `crash` ends every actor and starts them anew on the
/// same journal.
class engine_world {
public:
  explicit engine_world(settings s = {});
  ~engine_world();

  void start();
  void crash();

  /// Posts an event of `type` with `data` (JSON text); gives the answer.
  event_answer post(const std::string& id, const std::string& type, const std::string& data);
  answer command(const notification_id& id, notification_command::verb what);
  std::shared_ptr<reply<answer>> command_async(const notification_id& id,
                                               notification_command::verb what);
  answer person(const std::string& id, recipient_command::verb what, const std::string& body);
  answer inbox(const std::string& who, inbox_command::verb what, const notification_id& id = {});
  answer report(const notification_id& id, std::uint16_t attempt, status what);

  /// Closes the journal's segment and settles it; gives why not, or an empty text.
  std::string settle_journal();
  /// Settles it, and drops all but the open one.
  std::string drop_history();

  /// The `status` of the notification as the API shows it.
  std::string status_of(const notification_id& id);
  /// The fact types of its timeline, in order.
  std::vector<std::string> timeline(const notification_id& id);

  void rule(const std::string& name, const std::string& body);

  actor_world world;
  metrics count;
  settings config;
  std::shared_ptr<persistence::memory_database> database;
  std::shared_ptr<persistence::fault_plan> faults;
  provider_script sms;
  provider_script email;
  intake_actor intake;
  store_actor store;
  housekeeper_actor keeper;
  supervisor_actor boss;
  bool ready = false;
  std::string ended;
  tenant_id tenant{"default"};

private:
  sender_actor make_sender(channel on, provider_script& script);
  plain_sealer sealer_;
  catalogue_cell cell_;
  std::map<std::string, rule_ptr> rules_;
  std::vector<caf::actor> alive_;
};

} // namespace carillon::test
