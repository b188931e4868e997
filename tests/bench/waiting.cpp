// What notifications cost that wait for their time, and their release at one instant.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/tomorrow.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

struct waiting_options {
  stack_options stack;
  std::uint64_t notifications = 200'000;
  std::uint64_t released = 20'000; ///< so many outcomes are waited for; 0: no release
  unsigned idle_s = 10;
  unsigned bound_s = 300;
};

double metric(stack& whole, std::string_view name) {
  return harness::daemon::metric(whole.api(), name);
}

void await_planned(stack& whole, std::uint64_t count, unsigned bound_s) {
  const bool all = harness::eventually(std::chrono::seconds{bound_s}, [&] {
    harness::pause(100ms);
    return metric(whole, "carillon_notifications_waiting") >= static_cast<double>(count);
  });
  if (!all)
    throw harness::failure("not all of them wait");
}

void release(stack& whole, const waiting_options& options, nlohmann::ordered_json& out) {
  const auto before = whole.used();
  const auto began = harness::steady::now();
  whole.daemon().set_clock_offset(25h);
  const auto wanted = static_cast<double>(std::min(options.released, options.notifications));
  const bool sent = harness::eventually(std::chrono::seconds{options.bound_s}, [&] {
    harness::pause(5ms);
    return metric(whole, "carillon_attempts_succeeded_total") >= wanted;
  });
  const std::chrono::duration<double> took = harness::steady::now() - began;
  const auto used = whole.used() - before;
  out["released_per_s"] = rounded(wanted / took.count());
  out["release_daemon_cpu_us_per_notification"]
      = rounded(static_cast<double>(used.daemon.count()) / wanted);
  out["release_rss_mib"] = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  out["complete"] = sent;
}

void run_waiting(const waiting_options& options) {
  stack whole{options.stack};
  const auto count = static_cast<double>(options.notifications);
  const auto idle_before = whole.idle_cpu_ms_per_s(options.idle_s);
  const auto memory_before = static_cast<double>(whole.daemon_memory_kib());
  const auto took = plan_for_tomorrow(whole, options.notifications, options.stack.recipients,
                                      std::chrono::seconds{options.bound_s});
  await_planned(whole, options.notifications, options.bound_s);
  harness::pause(2s); // the projector's last fold
  const auto memory = static_cast<double>(whole.daemon_memory_kib());
  nlohmann::ordered_json out{
      {"bench", "waiting"},
      {"params",
       {{"notifications", options.notifications}, {"recipients", options.stack.recipients}}}};
  out["planned_per_s"] = rounded(count / took.count());
  out["bytes_per_waiting"] = rounded((memory - memory_before) * 1024 / count);
  out["rss_mib"] = rounded(memory / 1024);
  out["idle_cpu_ms_per_s"] = rounded(whole.idle_cpu_ms_per_s(options.idle_s));
  out["idle_cpu_ms_per_s_when_empty"] = rounded(idle_before);
  out["complete"] = true;
  if (options.released > 0)
    release(whole, options, out);
  print(out);
}

} // namespace

void add_waiting(CLI::App& app) {
  auto options = std::make_shared<waiting_options>();
  auto* command = app.add_subcommand("waiting", "memory and CPU of scheduled notifications");
  command->add_option("--notifications", options->notifications)->capture_default_str();
  command->add_option("--recipients", options->stack.recipients)->capture_default_str();
  command->add_option("--release", options->released, "outcomes to wait for after the release")
      ->capture_default_str();
  command->add_option("--idle", options->idle_s, "seconds of each idle measurement")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->add_option("--seconds", options->bound_s, "bound of each part")->capture_default_str();
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_waiting(*options); });
}

} // namespace carillon::bench
