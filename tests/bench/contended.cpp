// The pipeline beside a reader that holds an old snapshot, and beside messages of 900 KiB.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/event_line.hpp"
#include "tests/bench/figures.hpp"
#include "tests/harness/wait.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <atomic>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace carillon::bench {

namespace {

struct contended_options {
  stack_options stack;
  event_load load;
  std::uint64_t events = 20'000;
  unsigned rounds = 2;
  double large_per_second = 10;
  unsigned large_kib = 900;
};

/// A report that somebody began and forgot: nothing that is updated meanwhile can be cleaned up.
class old_snapshot {
public:
  explicit old_snapshot(const std::string& url) : connection_(url), work_(connection_) {
    work_.exec("begin isolation level repeatable read");
    work_.exec("select count(*) from notifications");
  }

private:
  pqxx::connection connection_;
  pqxx::nontransaction work_;
};

/// SMS with much data at a steady rate, sent by a thread of their own until told to stop.
class large_messages {
public:
  large_messages(const contended_options& options, stack& whole)
      : options_(options), to_(whole.daemon().where()), thread_([this] { run_load(plan()); }) {}
  ~large_messages() {
    end();
  }
  large_messages(const large_messages&) = delete;
  large_messages& operator=(const large_messages&) = delete;

  /// @returns how many were accepted. Throws if one was refused.
  std::uint64_t stop() {
    end();
    if (!refusal_.empty())
      throw harness::failure("a large message was refused: " + refusal_);
    return accepted_;
  }

private:
  void end() {
    stopping_ = true;
    if (thread_.joinable())
      thread_.join();
  }

  load_plan plan() {
    load_plan out;
    out.to = to_;
    out.connections = 4;
    out.per_second = options_.large_per_second;
    out.bound = std::chrono::seconds{options_.load.bound_s};
    out.next = [this](std::string& request) -> std::optional<std::uint64_t> {
      if (stopping_)
        return std::nullopt;
      write(request);
      return ++sent_;
    };
    out.answered = [this](std::uint64_t, int status, std::string_view body, auto) {
      if (status / 100 == 2)
        ++accepted_;
      else if (status / 100 == 4 && status != 429)
        refusal_ = body;
      return status == 429 || status == 503;
    };
    return out;
  }

  void write(std::string& request) const {
    const auto body
        = fmt::format(R"({{"recipient_id":"{}","type":"large","category":"transactional",)"
                      R"("delivery":{{"strategy":"fallback","channels":[{{"channel":"sms"}}]}},)"
                      R"("content":{{"sms":{{"text":"A document"}}}},)"
                      R"("data":{{"document":"{}"}}}})",
                      recipient_name(static_cast<unsigned>(sent_ % options_.load.recipients)),
                      std::string(std::size_t{options_.large_kib} * 1024, 'x'));
    request = post_head(to_, "/v1/notifications", "application/json", body.size()) + body;
  }

  const contended_options& options_;
  harness::endpoint to_;
  std::atomic<bool> stopping_{false};
  std::uint64_t sent_ = 0;
  std::uint64_t accepted_ = 0;
  std::string refusal_;
  std::thread thread_; // last: it uses the rest
};

/// Runs of one kind, added up.
struct sum {
  std::chrono::duration<double> took{0};
  cost used;
  std::vector<std::uint32_t> latencies;
  bool complete = true;

  void add(const line_result& run) {
    took += run.took;
    used = used + run.used;
    latencies.insert(latencies.end(), run.latencies.begin(), run.latencies.end());
    complete = complete && run.complete;
  }
};

class contended {
public:
  contended(const contended_options& options, stack& whole)
      : options_(options), stack_(whole), line_(options.load, whole) {}

  // An undisturbed run before each other one, so that all see the same machine and journal.
  void run() {
    line_.run(options_.events / 10);
    for (unsigned i = 0; i < options_.rounds; ++i) {
      undisturbed_.add(line_.run(options_.events));
      with_snapshot();
      undisturbed_.add(line_.run(options_.events));
      with_large();
    }
    print_one("undisturbed", undisturbed_, 2, {});
    print_one("old_snapshot", snapshot_, 1, {});
    print_one("large", large_, 1,
              {{"kib", options_.large_kib},
               {"per_second", options_.large_per_second},
               {"passed", passed_}});
  }

private:
  void with_snapshot() {
    const old_snapshot held{stack_.daemon().database_url()};
    snapshot_.add(line_.run(options_.events));
  }

  void with_large() {
    large_messages beside{options_, stack_};
    std::uint64_t passed = 0;
    large_.add(line_.run(options_.events, [&] { return passed = beside.stop(); }));
    passed_ += passed;
  }

  void print_one(std::string_view beside, sum& of, unsigned runs_a_round,
                 const nlohmann::ordered_json& more) {
    const auto events = options_.events * options_.rounds * runs_a_round;
    const auto rate = [&](const sum& what, double count) { return count / what.took.count(); };
    const auto own = rate(of, static_cast<double>(events));
    const auto all = static_cast<double>(options_.events * options_.rounds * 2);
    nlohmann::ordered_json out{
        {"bench", "contended"},
        {"params",
         {{"beside", beside}, {"events", events}, {"connections", options_.load.connections}}}};
    if (more.is_object())
      out["params"].update(more);
    out["notifications_per_s"] = rounded(own);
    out["ratio"] = rounded(own / rate(undisturbed_, all));
    add_latency(out, "", of.latencies);
    add_cost(out, of.used, static_cast<double>(events));
    out["complete"] = of.complete && (!more.contains("passed") || passed_ > 0);
    print(out);
  }

  const contended_options& options_;
  stack& stack_;
  event_line line_;
  sum undisturbed_;
  sum snapshot_;
  sum large_;
  std::uint64_t passed_ = 0; ///< large messages
};

} // namespace

void add_contended(CLI::App& app) {
  auto options = std::make_shared<contended_options>();
  auto* command = app.add_subcommand("contended", "the pipeline beside what gets in its way");
  command->add_option("--events", options->events, "events of each run")->capture_default_str();
  command->add_option("--rounds", options->rounds)
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--large-rate", options->large_per_second, "large messages a second")
      ->capture_default_str();
  command->add_option("--large-kib", options->large_kib, "size of each")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_load_options(*command, options->load);
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] {
    stack whole{options->stack};
    contended{*options, whole}.run();
  });
}

} // namespace carillon::bench
