// A start after SIGKILL, on a journal of waiting notifications or of sent ones, against a bare read
// of its rows; then the same start from snapshots.
#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/link.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/event_line.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/tomorrow.hpp"
#include "tests/harness/journal.hpp"
#include "tests/harness/wait.hpp"

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
  std::string of = "waiting";
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

constexpr std::uint64_t facts_when_sent = 3;

void fill(stack& whole, const replay_options& options) {
  if (options.of == "waiting") {
    plan_for_tomorrow(whole, options.facts, options.stack.recipients,
                      std::chrono::seconds{options.bound_s});
    return;
  }
  event_load load;
  load.recipients = options.stack.recipients;
  load.bound_s = options.bound_s;
  event_line{load, whole}.run(options.facts / facts_when_sent);
}

/// Closes the segment and waits until the daemon has settled it.
void settle_journal(stack& whole, unsigned bound_s) {
  const auto url = whole.daemon().database_url();
  harness::read_value(url, "select rotate_segment()");
  if (!harness::eventually(std::chrono::seconds{bound_s}, [&] {
        return harness::read_value(url,
                                   "select settled_at is not null from segments where number = 1")
               == "t";
      }))
    throw harness::failure("the segment was not settled in time");
}

void run_replay(const replay_options& options) {
  stack whole{options.stack};
  const auto empty = restart(whole, options.bound_s);
  fill(whole, options);
  // The best round of each, turn by turn: a start contains more that varies than reading.
  seconds_of start{1e9};
  seconds_of bare{1e9};
  for (unsigned i = 0; i < options.rounds; ++i) {
    start = std::min(start, restart(whole, options.bound_s));
    bare = std::min(bare, bare_read(whole.daemon().database_url()));
  }
  const auto rss = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  settle_journal(whole, options.bound_s);
  seconds_of settled{1e9};
  for (unsigned i = 0; i < options.rounds; ++i)
    settled = std::min(settled, restart(whole, options.bound_s));
  const auto facts = static_cast<double>(options.facts);
  nlohmann::ordered_json out{
      {"bench", "replay"},
      {"params",
       {{"facts", options.facts}, {"of", options.of}, {"recipients", options.stack.recipients}}}};
  out["ready_s"] = rounded(start.count());
  out["ready_s_when_empty"] = rounded(empty.count());
  const auto replay = std::max(start.count() - empty.count(), 1e-3);
  out["facts_per_s"] = rounded(facts / replay);
  out["bare_rows_per_s"] = rounded(facts / bare.count());
  out["ratio"] = rounded(bare.count() / replay);
  out["ready_s_from_snapshots"] = rounded(settled.count());
  out["rss_mib"] = rss;
  out["rss_mib_from_snapshots"] = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  out["complete"] = harness::daemon::metric(whole.api(), "carillon_notifications_waiting")
                    == (options.of == "waiting" ? facts : 0);
  print(out);
}

} // namespace

void add_replay(CLI::App& app) {
  auto options = std::make_shared<replay_options>();
  auto* command = app.add_subcommand("replay", "a start after SIGKILL against a bare read");
  command->add_option("--facts", options->facts)->capture_default_str();
  command->add_option("--of", options->of, "what became of the notifications")
      ->check(CLI::IsMember({"waiting", "sent"}))
      ->capture_default_str();
  command->add_option("--recipients", options->stack.recipients)->capture_default_str();
  command->add_option("--rounds", options->rounds)
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--seconds", options->bound_s, "bound of each part")->capture_default_str();
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_replay(*options); });
}

} // namespace carillon::bench
