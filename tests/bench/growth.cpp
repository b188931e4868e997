// What a notification costs among ever more recipients, and behind an ever longer journal.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/event_line.hpp"
#include "tests/bench/figures.hpp"
#include "tests/harness/journal.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace carillon::bench {

namespace {

struct growth_options {
  stack_options stack;
  event_load load;
  std::vector<unsigned> recipients{10'000, 100'000};
  std::vector<std::uint64_t> rows; ///< of the journal, for the last number of recipients
  std::uint64_t events = 20'000;
};

constexpr std::uint64_t rows_per_notification = 3;
const std::string wal_bytes = "select pg_current_wal_lsn() - '0/0'";

class growth {
public:
  growth(const growth_options& options, event_load& load, stack& whole)
      : options_(options), load_(load), stack_(whole), line_(load, whole) {}

  void with_recipients(unsigned count) {
    const auto began = harness::steady::now();
    if (count > made_)
      stack_.put_recipients(made_, count - made_);
    made_per_s_
        = (count - made_) / std::chrono::duration<double>(harness::steady::now() - began).count();
    made_ = load_.recipients = count;
    measure();
  }

  // The rows are those of notifications like the measured ones: nothing about them is made up.
  void with_rows(std::uint64_t count) {
    const auto there = journal_rows();
    if (count > there)
      line_.run((count - there) / rows_per_notification);
    made_per_s_ = 0;
    measure();
  }

private:
  std::uint64_t number(const std::string& sql) {
    return std::stoull(harness::read_value(stack_.daemon().database_url(), sql));
  }

  std::uint64_t journal_rows() {
    // A lane's positions are dense over all segments and the ledger, and there is one lane.
    const auto newest = number("select max(number) from segments");
    return number(fmt::format("select greatest((select max(position) from journal_{}), "
                              "(select max(position) from ledger), 0)",
                              newest));
  }

  void measure() {
    stack_.settle();
    const auto rows = journal_rows();
    const auto wal = number(wal_bytes);
    const auto run = line_.run(options_.events);
    const auto written = static_cast<double>(number(wal_bytes) - wal);
    const auto each = static_cast<double>((run.used.daemon + run.used.postgres).count())
                      / static_cast<double>(options_.events);
    if (first_ == 0)
      first_ = each;
    nlohmann::ordered_json out{
        {"bench", "growth"},
        {"params", {{"recipients", made_}, {"journal_rows", rows}, {"events", options_.events}}}};
    add_run(out, run, options_.events);
    out["ratio"] = rounded(each / first_);
    out["wal_bytes_per_notification"] = rounded(written / static_cast<double>(options_.events));
    if (made_per_s_ > 0)
      out["recipients_made_per_s"] = rounded(made_per_s_);
    out["rss_mib"] = rounded(static_cast<double>(stack_.daemon_memory_kib()) / 1024);
    out["postgres_mib"] = rounded(static_cast<double>(stack_.postgres_memory_kib()) / 1024);
    out["complete"] = run.complete;
    print(out);
  }

  const growth_options& options_;
  event_load& load_;
  stack& stack_;
  event_line line_;
  unsigned made_ = 0;
  double made_per_s_ = 0;
  double first_ = 0; ///< CPU of daemon and PostgreSQL a notification in the first measurement
};

void run_growth(growth_options options) {
  options.stack.recipients = 0;
  options.stack.one_segment = false; // as it is in service
  stack whole{options.stack};
  growth line{options, options.load, whole};
  std::sort(options.recipients.begin(), options.recipients.end());
  for (const auto count : options.recipients)
    line.with_recipients(count);
  std::sort(options.rows.begin(), options.rows.end());
  for (const auto count : options.rows)
    line.with_rows(count);
}

} // namespace

void add_growth(CLI::App& app) {
  auto options = std::make_shared<growth_options>();
  options->load.bound_s = 1800;
  auto* command = app.add_subcommand("growth", "cost with more recipients and journal rows");
  command->add_option("--recipients", options->recipients, "one measurement for each number")
      ->delimiter(',')
      ->check(CLI::Range(1, 9'999'999))
      ->capture_default_str();
  command->add_option("--rows", options->rows, "then with so many rows in the journal")
      ->delimiter(',');
  command->add_option("--events", options->events, "events of each measurement")
      ->capture_default_str();
  add_load_options(*command, options->load);
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_growth(*options); });
}

} // namespace carillon::bench
