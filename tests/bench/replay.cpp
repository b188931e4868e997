// A start on a journal of waiting notifications, after SIGKILL, against a bare read of its rows.
#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/link.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/tomorrow.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;
namespace db = persistence;

struct replay_options {
  stack_options stack;
  std::uint64_t facts = 200'000;
  unsigned rounds = 3;
  unsigned bound_s = 300;
};

using seconds_of = std::chrono::duration<double>;

/// One sequential read of the journal's rows, as they are stored, into nothing.
seconds_of bare_read(const std::string& url) {
  db::link_options how;
  how.url = url;
  how.name = "bare";
  db::link link{how};
  link.open();
  const auto began = harness::steady::now();
  link.send("copy (select " + std::string{db::journal_columns}
            + " from journal_1) to stdout (format binary)");
  link.next();
  std::string_view piece;
  while (link.get_copy(piece)) {
    // only what any program must do
  }
  while (link.next())
    ;
  return harness::steady::now() - began;
}

seconds_of restart(stack& whole, unsigned bound_s) {
  whole.daemon().kill();
  const auto began = harness::steady::now();
  whole.daemon().start(std::chrono::seconds{bound_s});
  whole.api().disconnect();
  return harness::steady::now() - began;
}

void run_replay(const replay_options& options) {
  stack whole{options.stack};
  const auto bound = std::chrono::seconds{options.bound_s};
  const auto empty = restart(whole, options.bound_s);
  plan_for_tomorrow(whole, options.facts, options.stack.recipients, bound);
  // The best round of each, turn by turn: a start contains more that varies than reading.
  seconds_of start{1e9};
  seconds_of bare{1e9};
  for (unsigned i = 0; i < options.rounds; ++i) {
    start = std::min(start, restart(whole, options.bound_s));
    bare = std::min(bare, bare_read(whole.daemon().database_url()));
  }
  const auto facts = static_cast<double>(options.facts);
  nlohmann::ordered_json out{
      {"bench", "replay"},
      {"params", {{"facts", options.facts}, {"recipients", options.stack.recipients}}}};
  out["ready_s"] = rounded(start.count());
  out["ready_s_when_empty"] = rounded(empty.count());
  const auto replay = std::max(start.count() - empty.count(), 1e-3);
  out["facts_per_s"] = rounded(facts / replay);
  out["bare_rows_per_s"] = rounded(facts / bare.count());
  out["ratio"] = rounded(bare.count() / replay);
  out["rss_mib"] = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  out["complete"] = harness::daemon::metric(whole.api(), "carillon_notifications_waiting") == facts;
  print(out);
}

} // namespace

void add_replay(CLI::App& app) {
  auto options = std::make_shared<replay_options>();
  auto* command = app.add_subcommand("replay", "a start after SIGKILL against a bare read");
  command->add_option("--facts", options->facts)->capture_default_str();
  command->add_option("--recipients", options->stack.recipients)->capture_default_str();
  command->add_option("--rounds", options->rounds)
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--seconds", options->bound_s, "bound of each part")->capture_default_str();
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_replay(*options); });
}

} // namespace carillon::bench
