#include "adapters/daemon/options.hpp"

#include "adapters/daemon/exit_code.hpp"
#include "adapters/daemon/version.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

namespace carillon::daemon {

std::optional<options> read_options(std::vector<std::string> arguments, std::ostream& out,
                                    std::ostream& err, int& code) {
  CLI::App app{"Carillon's daemon: events in, notifications out.", "carillond"};
  app.footer("\nEvery key of the file has an environment variable that wins: http.listen is "
             "CARILLON_HTTP_LISTEN.\nExit codes: 0 stopped, 2 bad configuration, port in use, "
             "unreadable key "
             "or locked data directory,\n3 database unreachable, 4 migration failed or database "
             "newer, 5 fenced "
             "by another node.");
  options given;
  std::string file;
  auto* config = app.add_option("--config", file, "TOML file with the settings");
  app.add_flag("--check-config", given.check_config, "print every problem of the settings and end");
  app.set_version_flag("--version", std::string{"carillond "} + version);
  std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    code = app.exit(error, out, err) == 0 ? stopped : bad_configuration;
    return std::nullopt;
  }
  if (config->count() > 0)
    given.config = file;
  return given;
}

} // namespace carillon::daemon
