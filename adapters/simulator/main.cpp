// carillon-sim: a provider simulator on loopback. See docs/simulator.md.
#include "adapters/simulator/simulator.hpp"
#include "adapters/simulator/text.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using carillon::simulator::options;

bool read_address(const std::string& text, options& out) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos)
    return false;
  out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, out.port);
  return error == std::errc{} && end == last && !out.host.empty();
}

void declare(CLI::App& app, options& settings, std::string& listen, bool& die_with_parent,
             bool& no_callbacks) {
  app.add_option("--listen", listen, "address and port; port 0 picks a free one")
      ->capture_default_str();
  app.add_option(
      "--auth-token", settings.auth_token,
      "the only password accepted, and the key of callback signatures (default: any, and "
      "each message's own)");
  app.add_option("--threads", settings.threads, "threads that serve connections")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--record", settings.record_file,
                 "append every message to this file, one JSON object a line");
  app.add_option("--keep", settings.keep, "messages remembered; older ones are forgotten")
      ->capture_default_str();
  app.add_option("--callback-retries", settings.callback_retries,
                 "repeat a callback that got no 2xx so many times")
      ->capture_default_str();
  app.add_flag("--no-callbacks", no_callbacks, "send only callbacks that a script asks for");
  app.add_flag("--allow-remote", settings.allow_remote,
               "listen on and call back to addresses that are not loopback");
  app.add_flag("--die-with-parent", die_with_parent,
               "end when the process that started this one ends");
}

// As many connections as the system lets us have; the usual soft limit is 1,024.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Waits for SIGTERM or SIGINT, which are blocked everywhere.
void wait_for_end(const sigset_t& ends) {
  int signal = 0;
  sigwait(&ends, &signal);
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Provider simulator: speaks Twilio's API on loopback, records what it gets, fails "
               "on script."};
  options settings;
  std::string listen = "127.0.0.1:0";
  bool die_with_parent = false;
  bool no_callbacks = false;
  declare(app, settings, listen, die_with_parent, no_callbacks);
  CLI11_PARSE(app, argc, argv);
  if (!read_address(listen, settings)) {
    std::fprintf(stderr, "carillon-sim: --listen must be ADDRESS:PORT\n");
    return 2;
  }
  if (no_callbacks)
    settings.callbacks.clear();
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  raise_file_limit();
  const auto parent = getppid();
  if (die_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      return 0; // it ended before we asked
  }
  try {
    carillon::simulator::simulator sim{settings};
    std::printf("carillon-sim ready http=%s\n", sim.address().c_str());
    std::fflush(stdout);
    wait_for_end(ends);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "carillon-sim: %s\n", e.what());
    return 2;
  }
}
