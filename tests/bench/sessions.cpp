// Memory of live sessions that have nothing to say, each of its own recipient.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/live_readers.hpp"
#include "tests/bench/stack.hpp"
#include "tests/harness/setup.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::bench {

namespace {

struct sessions_options {
  stack_options stack;
  unsigned sessions = 5000;
  unsigned idle_s = 12; ///< freed memory goes back to the kernel meanwhile
};

/// Memory and CPU of a daemon that has nothing to do.
struct idle_figures {
  double cpu_ms_per_s = 0;
  double memory_kib = 0;
};

idle_figures idle(stack& whole, unsigned seconds) {
  whole.settle();
  const auto cpu = whole.idle_cpu_ms_per_s(seconds);
  return {cpu, static_cast<double>(whole.daemon_memory_kib())};
}

std::vector<std::string> tokens_of(stack& whole, unsigned count) {
  std::vector<std::string> out;
  for (unsigned i = 0; i < count; ++i)
    out.push_back(harness::token_of(whole.api(), recipient_name(i)));
  return out;
}

void run_sessions(sessions_options options) {
  options.stack.recipients = options.sessions;
  stack whole{options.stack};
  const auto tokens = tokens_of(whole, options.sessions);
  const auto before = idle(whole, options.idle_s);
  const auto began = harness::steady::now();
  live_readers readers{[](std::size_t, std::string_view) {}};
  for (const auto& token : tokens)
    readers.open(whole.daemon().where(), token);
  const std::chrono::duration<double> took = harness::steady::now() - began;
  readers.start();
  const auto after = idle(whole, options.idle_s);
  nlohmann::ordered_json out{{"bench", "sessions"}, {"params", {{"sessions", options.sessions}}}};
  out["bytes_per_session"]
      = rounded((after.memory_kib - before.memory_kib) * 1024 / options.sessions);
  out["opened_per_s"] = rounded(options.sessions / took.count());
  out["rss_mib"] = rounded(after.memory_kib / 1024);
  out["rss_mib_when_empty"] = rounded(before.memory_kib / 1024);
  out["idle_cpu_ms_per_s"] = rounded(after.cpu_ms_per_s);
  out["idle_cpu_ms_per_s_when_empty"] = rounded(before.cpu_ms_per_s);
  out["complete"]
      = readers.lost() == 0
        && harness::daemon::metric(whole.api(), "carillon_live_sessions") == options.sessions;
  print(out);
}

} // namespace

void add_sessions(CLI::App& app) {
  auto options = std::make_shared<sessions_options>();
  auto* command = app.add_subcommand("sessions", "memory of idle WebSocket sessions");
  command->add_option("--sessions", options->sessions)
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command->add_option("--idle", options->idle_s, "seconds of each idle measurement")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_sessions(*options); });
}

} // namespace carillon::bench
