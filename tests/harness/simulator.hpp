#pragma once

#include "messages/ids.hpp"
#include "messages/time.hpp"

#include "tests/harness/http_client.hpp"
#include "tests/harness/process.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon::harness {

/// The call a message at the provider belongs to: the last part of its status callback's path.
struct call_ref {
  notification_id id;
  std::uint16_t attempt = 0;
  friend auto operator<=>(const call_ref&, const call_ref&) = default;
};
std::optional<call_ref> parse_call_ref(std::string_view callback_url);

/// One request to send a message, as the simulator recorded it.
struct sim_message {
  std::uint64_t number = 0;
  std::string sid;
  std::string to;
  std::string body;
  std::optional<call_ref> ref;
  std::string callback_url; ///< names the node that called
  timestamp received_at;
  bool accepted = false; ///< the provider would deliver it
  std::string answer;    ///< answered, hung, closed_after_accept, closed_before_answer
  int http_status = 0;
  std::string status;
  std::vector<std::pair<std::string, int>> callbacks; ///< status told, HTTP status of its answer
};

/// A running carillon-sim.
class provider_simulator {
public:
  /// `directory` takes its log.
  explicit provider_simulator(const std::filesystem::path& directory,
                              std::vector<std::string> more_arguments = {},
                              const std::string& listen = "127.0.0.1:0");

  std::string url() const;
  pid_t pid() const {
    return process_->pid();
  }
  process& program() {
    return *process_;
  }

  /// Replaces the script: an array of rules (docs/simulator.md).
  void script(const nlohmann::json& rules);
  void add_rule(const nlohmann::json& rule);

  /// What arrived, oldest first; of one number if `to` is not empty.
  std::vector<sim_message> messages(const std::string& to = {});

  /// Waits until `count` messages to that number have arrived.
  std::vector<sim_message> await_messages(const std::string& to, std::size_t count,
                                          milliseconds bound = milliseconds{10'000});

private:
  std::unique_ptr<process> process_;
  endpoint at_;
  std::unique_ptr<http_client> control_;
};

} // namespace carillon::harness
