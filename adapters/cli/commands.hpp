#pragma once

#include "adapters/cli/session.hpp"

#include <functional>

namespace CLI {
class App;
}

/// One function a group of commands: it declares them and, when one is chosen, leaves what to do in
/// `chosen`.
namespace carillon::cli {

using action = std::function<int(const session&)>;

void add_event_commands(CLI::App& app, action& chosen);
void add_notification_commands(CLI::App& app, action& chosen);
void add_dead_letter_commands(CLI::App& app, action& chosen);
void add_rule_commands(CLI::App& app, action& chosen);
void add_template_commands(CLI::App& app, action& chosen);
void add_recipient_commands(CLI::App& app, action& chosen);
void add_health_command(CLI::App& app, action& chosen);

/// Sends the JSON of a file with `method` to `path` and prints the answer.
int send_file(const session& here, const std::string& method, const std::string& path,
              const std::string& file, const session::printer& print);

} // namespace carillon::cli
