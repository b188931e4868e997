#include "adapters/cli/command_line.hpp"

#include "adapters/cli/commands.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <ostream>

namespace carillon::cli {
namespace {

constexpr auto footer
    = "\nExit codes: 0 done, 1 refused by the daemon or unusable file, 2 wrong command line, "
      "3 no answer or the daemon could not.";

struct global_options {
  std::string url = "http://127.0.0.1:8080";
  std::string key;
  std::string key_file = "./var/bootstrap.key";
  std::string ca_file;
  bool as_json = false;
};

void add_globals(CLI::App& app, global_options& to) {
  app.add_option("--url", to.url, "where the daemon is")->envname("CARILLON_URL");
  app.add_option("--key", to.key, "API key")->envname("CARILLON_KEY");
  app.add_option("--key-file", to.key_file, "file with the API key, used without --key");
  app.add_option("--ca-file", to.ca_file, "PEM file to check an https server against");
  app.add_flag("--json", to.as_json, "print the daemon's answer as it is");
}

endpoint endpoint_of(const global_options& from) {
  endpoint to{from.url, from.key.empty() ? read_key(from.key_file) : from.key, from.ca_file};
  while (to.url.ends_with('/'))
    to.url.pop_back();
  return to;
}

} // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  CLI::App app{"Talks to a running carillond.", "carillon"};
  app.footer(footer);
  app.require_subcommand(1);
  app.fallthrough();
  global_options globals;
  add_globals(app, globals);
  action chosen;
  add_event_commands(app, chosen);
  add_notification_commands(app, chosen);
  add_dead_letter_commands(app, chosen);
  add_rule_commands(app, chosen);
  add_template_commands(app, chosen);
  add_recipient_commands(app, chosen);
  add_health_command(app, chosen);
  std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? done : usage;
  }
  session here{endpoint_of(globals), globals.as_json, out, err};
  return chosen ? chosen(here) : usage;
}

} // namespace carillon::cli
