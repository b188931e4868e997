// Events over HTTP to the last journaled outcome of a provider's call.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/event_line.hpp"
#include "tests/bench/figures.hpp"
#include "tests/harness/wait.hpp"

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::bench {

namespace {

struct pipeline_options {
  stack_options stack;
  event_load load;
  std::string variant = "plain";
  std::uint64_t events = 20'000;
  std::uint64_t warmup = 2'000;
};

/// Preferences as people have them; nothing in them stops an SMS now.
std::string preferences_text() {
  using namespace std::chrono_literals;
  const auto hour = [](std::chrono::hours from_now) {
    return fmt::format("{:%H:%M}", fmt::gmtime(std::chrono::system_clock::to_time_t(
                                       std::chrono::system_clock::now() + from_now)));
  };
  return fmt::format(
      R"({{"channels":{{"sms":{{"enabled":true,"categories":{{"marketing":false}}}}}},)"
      R"("categories":{{"review":false}},"preferred_channels":["email","sms"],)"
      R"("quiet_hours":{{"enabled":true,"start":"{}","end":"{}","timezone":"UTC",)"
      R"("channels":["sms","push"],"exceptions":["realtime_alert"]}}}})",
      hour(6h), hour(14h));
}

/// Limits that nobody reaches, but that every attempt is counted against.
const std::vector<std::string> high_limits = {
    "limits.sms.per_minute=1000000", "limits.sms.per_hour=1000000", "limits.sms.per_day=1000000"};

nlohmann::ordered_json parameters(const pipeline_options& o) {
  nlohmann::ordered_json out{{"variant", o.variant},
                             {"events", o.events},
                             {"connections", o.load.connections},
                             {"recipients", o.stack.recipients},
                             {"batch", o.load.batch},
                             {"callbacks", o.stack.callbacks}};
  if (o.load.per_second > 0)
    out["per_second"] = o.load.per_second;
  if (!o.stack.settings.empty())
    out["settings"] = o.stack.settings;
  return out;
}

void run_pipeline(pipeline_options options) {
  const auto params = parameters(options);
  options.load.recipients = options.stack.recipients;
  if (options.variant == "limits")
    options.stack.settings.insert(options.stack.settings.end(), high_limits.begin(),
                                  high_limits.end());
  stack whole{options.stack};
  if (options.variant == "preferences")
    whole.put_each(0, options.stack.recipients, "/preferences",
                   [text = preferences_text()](unsigned) { return text; });
  event_line line{options.load, whole};
  if (options.warmup > 0)
    line.run(options.warmup);
  auto run = line.run(options.events);
  auto outcomes = line.outcome_latencies(options.warmup);

  nlohmann::ordered_json out{{"bench", "pipeline"}, {"params", params}};
  add_run(out, run, options.events);
  out["accepted_per_s"] = rounded(static_cast<double>(options.events)
                                  / std::chrono::duration<double>(run.sending.took).count());
  add_latency(out, "", run.latencies);
  add_latency(out, "outcome_", outcomes);
  out["rss_mib"] = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  out["postgres_mib"] = rounded(static_cast<double>(whole.postgres_memory_kib()) / 1024);
  out["repeated"] = run.sending.repeated;
  out["complete"] = run.complete && line.journaled() == line.sent();
  print(out);
}

} // namespace

void add_pipeline(CLI::App& app) {
  auto options = std::make_shared<pipeline_options>();
  auto* command = app.add_subcommand("pipeline", "events over HTTP to the journaled outcome");
  command->add_option("--variant", options->variant, "what else each notification has to pass")
      ->check(CLI::IsMember({"plain", "preferences", "limits"}))
      ->capture_default_str();
  command->add_option("--events", options->events, "events measured")->capture_default_str();
  command->add_option("--warmup", options->warmup, "events before")->capture_default_str();
  command->add_option("--recipients", options->stack.recipients)->capture_default_str();
  command->add_option("--batch", options->load.batch, "events a request")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--rate", options->load.per_second, "events a second (default: closed loop)");
  add_load_options(*command, options->load);
  command->add_flag("--callbacks", options->stack.callbacks, "the provider reports back");
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_pipeline(*options); });
}

} // namespace carillon::bench
