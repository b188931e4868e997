#pragma once

#include "messages/interfaces.hpp"

#include "adapters/http/api.hpp"
#include "adapters/http/server/server.hpp"
#include "tests/http/raw_client.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace carillon::test {

/// A clock that stands where the test puts it.
class still_clock final : public clock {
public:
  timestamp now() const noexcept override {
    return timestamp{duration{at.load()}};
  }
  std::atomic<duration::rep> at{1'795'424'400'000'000}; // 2026-11-23T09:00:00Z
};

/// What the fake actors answer, and what they were asked. Set the answers before the first request.
struct engine_script {
  template <class Command, class Reply = answer>
  using step = std::function<caf::result<Reply>(const Command&)>;

  step<submit_events, events_answer> events;
  step<submit_notification> notification;
  step<notification_command> command;
  step<recipient_command> recipient;
  step<inbox_command> inbox;
  step<provider_report> report;
  step<catalogue_command> catalogue;
  step<list_notifications> list;
  step<list_dead_letters> dead_letters;
  step<raw_callback, callback_parsed> callback;
};

/// The whole API over fake actors on a real server.
class api_fixture {
public:
  explicit api_fixture(engine_script script = {});
  ~api_fixture();

  static constexpr const char* key = "test-bootstrap-key";

  /// One request with the API key; `headers` end in line ends. Fails the test if there is no
  /// answer.
  raw_response ask(std::string_view method, std::string_view target, std::string_view body = {},
                   std::string headers = {});

  /// The same with other credentials (none if empty).
  raw_response ask_as(std::string_view credentials, std::string_view method,
                      std::string_view target, std::string_view body = {},
                      std::string headers = {});

  /// A token of a recipient, made over the API.
  std::string token_of(const std::string& recipient);

  std::uint16_t port() const {
    return server_->port();
  }

  still_clock clock;
  std::atomic<int> runs{0}; ///< Calls of any scripted step.
  std::atomic<bool> ready{true};
  std::atomic<bool> owns{true};
  std::vector<std::string> streams;        ///< "tenant/recipient" of each connection given away.
  std::map<std::string, std::string> kept; ///< Idempotency claims: key to body hash.
  std::map<std::string, std::pair<std::uint16_t, std::string>> answers;
  std::mutex mutex;

private:
  intake_actor::behavior_type intake();
  http::api_dependencies dependencies();

  engine_script script_;
  caf::actor_system_config config_;
  caf::actor_system system_;
  std::unique_ptr<http::actor_bridge> bridge_;
  std::vector<caf::strong_actor_ptr> actors_;
  std::unique_ptr<http::server> server_;
};

/// A script that echoes what each command was, so that a test sees how a request was read.
engine_script echo_script();

/// An answer of the domain with a JSON body.
answer ok(std::string body, answer::kind what = answer::kind::ok, std::uint64_t version = 0);

} // namespace carillon::test
