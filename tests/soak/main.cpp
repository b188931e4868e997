// carillon-soak: mixed load and random faults on a whole daemon, and a ledger at the end. See
// docs/testing.md.
#include "tests/soak/audit.hpp"
#include "tests/soak/conductor.hpp"
#include "tests/soak/report.hpp"
#include "tests/soak/traffic.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <random>

namespace {

using namespace carillon::soak;
using namespace std::chrono_literals;

std::vector<std::unique_ptr<live_reader>> start_readers(const scene& about, diary& told,
                                                        std::uint64_t seed) {
  std::vector<std::unique_ptr<live_reader>> out;
  for (unsigned i = 0; i < size_of(crowd::readers); ++i)
    out.push_back(std::make_unique<live_reader>(about, told, seed, i));
  return out;
}

bool soak(const soak_options& options) {
  const auto plan = make_fault_plan(options);
  fmt::print(stderr, "soak: seed {}, {} s, {} faults:\n{}", options.seed, options.lasts.count(),
             plan.size(), words_of(plan));
  scene whole;
  const auto began = whole.now();
  diary told;
  conductor faults{whole, told, plan};
  auto readers = start_readers(whole, told, options.seed);
  traffic clients{whole, told, options};
  faults.run(options.lasts);
  faults.mend();
  if (!clients.finish(60s))
    told.complain("the clients are not answered within a minute after the last fault");
  for (auto& each : readers)
    each->settle();
  audit books{whole, told, began};
  if (!books.await_rest(options.settle))
    told.complain("what is due is not done in time");
  return report(options, told, faults, books.run(readers));
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  soak_options options;
  options.seed = std::random_device{}();
  double minutes = 10;
  CLI::App app{"Mixed load with kills, database restarts, provider faults and clock steps; prints "
               "one JSON line and a table. Ends with 1 if anything is lost, doubled without a "
               "mark, or unexplained."};
  app.add_option("--minutes", minutes, "of load and faults")->capture_default_str();
  app.add_option("--seed", options.seed, "of plan and load (default: random)");
  app.add_option("--rate", options.per_second, "requests a second")->capture_default_str();
  app.add_option("--clients", options.clients, "threads")->capture_default_str();
  auto every = static_cast<double>(options.fault_every.count());
  app.add_option("--fault-every", every, "seconds, on average")->capture_default_str();
  try {
    app.parse(argc, argv);
    options.lasts = std::chrono::seconds{static_cast<std::int64_t>(minutes * 60)};
    options.fault_every = std::chrono::seconds{static_cast<std::int64_t>(every)};
    return soak(options) ? 0 : 1;
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  } catch (const std::exception& e) {
    fmt::print(stderr, "carillon-soak: {}\n", e.what());
    return 1;
  }
}
