// A steady load for as long as one likes: memory of daemon and PostgreSQL by the minute, segments
// settled meanwhile, and a start after SIGKILL at the end.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/event_line.hpp"
#include "tests/bench/figures.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace carillon::bench {

namespace {

struct endurance_options {
  stack_options stack;
  event_load load;
  unsigned minutes = 60;
};

class endurance {
public:
  explicit endurance(endurance_options& options)
      : options_(options), whole_(options.stack), line_(options.load, whole_) {}

  void run() {
    for (unsigned minute = 1; minute <= options_.minutes; ++minute)
      one_minute(minute);
    finish();
  }

private:
  double metric(const char* name) {
    return harness::daemon::metric(whole_.api(), name);
  }

  void one_minute(unsigned minute) {
    const auto events = static_cast<std::uint64_t>(options_.load.per_second * 60);
    auto run = line_.run(events);
    complete_ = complete_ && run.complete;
    memory_.push_back(static_cast<double>(whole_.daemon_memory_kib()) / 1024);
    nlohmann::ordered_json out{{"bench", "endurance"}, {"minute", minute}};
    add_run(out, run, events);
    add_latency(out, "", run.latencies);
    out["rss_mib"] = rounded(memory_.back());
    out["postgres_mib"] = rounded(static_cast<double>(whole_.postgres_memory_kib()) / 1024);
    out["people_in_memory"] = metric("carillon_people_in_memory");
    out["segments_open"] = metric("carillon_segments_open");
    out["snapshots_written"] = metric("carillon_snapshots_written_total");
    out["complete"] = run.complete;
    print(out);
  }

  /// Mean of the minutes from `from` to before `to`.
  double mean(std::size_t from, std::size_t to) const {
    auto sum = 0.0;
    for (auto i = from; i < to; ++i)
      sum += memory_[i];
    return sum / static_cast<double>(std::max<std::size_t>(to - from, 1));
  }

  void finish() {
    whole_.daemon().kill();
    const auto began = harness::steady::now();
    whole_.daemon().start(std::chrono::seconds{300});
    const std::chrono::duration<double> ready = harness::steady::now() - began;
    whole_.api().disconnect();
    const auto third = memory_.size() / 3;
    nlohmann::ordered_json out{{"bench", "endurance"},
                               {"params",
                                {{"minutes", options_.minutes},
                                 {"per_second", options_.load.per_second},
                                 {"recipients", options_.stack.recipients},
                                 {"settings", options_.stack.settings}}}};
    out["sent"] = line_.sent();
    out["rss_mib_second_third"] = rounded(mean(third, 2 * third));
    out["rss_mib_last_third"] = rounded(mean(2 * third, memory_.size()));
    out["rss_mib_after_start"] = rounded(static_cast<double>(whole_.daemon_memory_kib()) / 1024);
    out["ready_s"] = rounded(ready.count());
    out["complete"] = complete_ && line_.journaled() == line_.sent();
    print(out);
  }

  endurance_options& options_;
  stack whole_;
  event_line line_;
  std::vector<double> memory_; ///< MiB by the minute
  bool complete_ = true;
};

} // namespace

void add_endurance(CLI::App& app) {
  auto options = std::make_shared<endurance_options>();
  options->load.per_second = 300;
  options->stack.recipients = 50'000;
  auto* command = app.add_subcommand("endurance", "memory over a long steady load");
  command->add_option("--minutes", options->minutes)->capture_default_str();
  command->add_option("--rate", options->load.per_second, "events a second")->capture_default_str();
  command->add_option("--recipients", options->stack.recipients)->capture_default_str();
  add_load_options(*command, options->load);
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] {
    options->load.recipients = options->stack.recipients;
    options->stack.one_segment = false;
    endurance{*options}.run();
  });
}

} // namespace carillon::bench
