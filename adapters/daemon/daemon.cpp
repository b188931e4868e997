#include "adapters/daemon/daemon.hpp"

#include "adapters/daemon/composition.hpp"
#include "adapters/daemon/keys.hpp"
#include "adapters/daemon/logging.hpp"
#include "adapters/daemon/options.hpp"
#include "adapters/daemon/reserved_port.hpp"
#include "adapters/daemon/service_manager.hpp"
#include "adapters/daemon/stop_signal.hpp"
#include "adapters/providers/provider.hpp"
#include "config/load.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <ostream>

#include <sys/resource.h>
#include <unistd.h>

namespace carillon::daemon {
namespace {

int fail(std::ostream& err, const start_failure& why) {
  err << "carillond: " << why.text << std::endl;
  return why.code;
}

/// What the providers' own kinds say of their settings; those that config knows to be wrong are not
/// asked again.
void check_providers(loaded_settings& loaded) {
  if (!loaded.problems.empty())
    return;
  const auto& all = loaded.values.providers;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (auto& message : providers::check_provider(all[i]))
      loaded.problems.push_back(
          {"", fmt::format("provider[{}] {}", i, all[i].name), std::move(message)});
}

/// Prints the problems; true if there are any.
bool print_problems(std::ostream& err, const loaded_settings& loaded) {
  for (const auto& problem : loaded.problems)
    err << "carillond: " << render(problem) << '\n';
  err.flush();
  return !loaded.problems.empty();
}

/// A socket for each live session: as many files as the system lets us have. The usual soft limit
/// is 1,024.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(node& here, const settings& with, stop_signal& stop, std::ostream& out,
          std::ostream& err) {
  std::optional<start_failure> failure;
  if (!stop.run([&] { failure = here.start(); }))
    ::_exit(stopped); // nothing is served yet, and a crash loses nothing
  if (failure) {
    here.stop(with.drain_timeout);
    return fail(err, *failure);
  }
  out << "carillond ready http=" << here.endpoint() << std::endl;
  tell_ready("serving on " + here.endpoint());
  auto code = stop.wait();
  tell_stopping();
  spdlog::info("stopping with code {}", code);
  stop_signal::end_at_once_after(with.drain_timeout, code);
  here.stop(with.drain_timeout);
  return code;
}

} // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  int code = stopped;
  auto given = read_options(std::move(arguments), out, err, code);
  if (!given)
    return code;
  auto loaded = load_settings(given->config, process_environment());
  check_providers(loaded);
  if (print_problems(err, loaded))
    return bad_configuration;
  if (given->check_config) {
    out << "carillond: no problem found" << std::endl;
    return stopped;
  }
  stop_signal stop;
  start_logging(loaded.values.log);
  raise_file_limit();
  auto port = reserved_port::take(loaded.values.http.listen);
  if (auto* failure = std::get_if<start_failure>(&port))
    return fail(err, *failure);
  auto keys = load_keys(loaded.values);
  if (auto* failure = std::get_if<start_failure>(&keys))
    return fail(err, *failure);
  node here{loaded.values, std::get<node_keys>(std::move(keys)),
            std::get<reserved_port>(std::move(port)), stop, [&out] {
              out << "carillond standby" << std::endl;
              tell_ready("standby: waiting for the other node's end"); // or its start times out
            }};
  return serve(here, loaded.values, stop, out, err);
}

} // namespace carillon::daemon
