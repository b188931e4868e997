// The usual Node.js pipeline under the same load, generator and provider as `pipeline`.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/load_generator.hpp"
#include "tests/bench/node_peer.hpp"
#include "tests/bench/stack.hpp"
#include "tests/harness/journal.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <memory>

namespace carillon::bench {

namespace {

using std::chrono::microseconds;
using wall = std::chrono::system_clock;

struct node_options {
  std::string scripts = "tests/bench/peers/node";
  unsigned recipients = 1000;
  unsigned connections = 32;
  unsigned concurrency = 50;
  std::uint64_t events = 10'000;
  std::uint64_t warmup = 2'000;
  unsigned bound_s = 120;
};

struct node_run {
  load_result sending;
  std::chrono::steady_clock::duration took{0};
  peer_cost used;
  std::vector<std::uint32_t> latencies;
  bool complete = false;
};

// The same events as those of `pipeline`.
class node_line {
public:
  node_line(const node_options& options, node_peer& peer) : options_(options), peer_(peer) {}

  node_run run(std::uint64_t count) {
    node_run out;
    last_ = next_ + count;
    sent_.resize(last_);
    load_plan plan;
    plan.to = peer_.where();
    plan.connections = options_.connections;
    plan.bound = std::chrono::seconds{options_.bound_s};
    plan.next = [this](std::string& request) { return write(request); };
    plan.answered = [&](std::uint64_t, int status, std::string_view body, microseconds took) {
      if (status != 202)
        throw harness::failure(fmt::format("an event was answered {}: {}", status, body));
      out.latencies.push_back(static_cast<std::uint32_t>(took.count()));
      return false;
    };
    const auto before = peer_.used();
    const auto began = harness::steady::now();
    out.sending = run_load(plan);
    out.complete = out.sending.complete && await_outcomes();
    out.took = harness::steady::now() - began;
    out.used = peer_.used() - before;
    return out;
  }

  // From the request's first byte to the row's update.
  std::vector<std::uint32_t> outcome_latencies(std::uint64_t first) const {
    pqxx::connection connection{peer_.database_url()};
    pqxx::nontransaction work{connection};
    std::vector<std::uint32_t> out;
    for (const auto& row : work.exec(
             "select e.event_id, (extract(epoch from n.updated_at) * 1000000)::bigint "
             "from events e join notifications n on n.event = e.id where n.status = 'sent'")) {
      const auto n = std::strtoull(row[0].c_str() + 2, nullptr, 10);
      if (n >= first && n < sent_.size())
        out.push_back(static_cast<std::uint32_t>(
            std::max<std::int64_t>(0, row[1].as<std::int64_t>() - sent_[n])));
    }
    return out;
  }

private:
  std::optional<std::uint64_t> write(std::string& out) {
    if (next_ == last_)
      return std::nullopt;
    const auto body = fmt::format(
        R"({{"specversion":"1.0","type":"bench.sms","source":"/bench","id":"e-{0:010}",)"
        R"("data":{{"who":"{1}","n":"{0:010}","service":"Facial",)"
        R"("room":"Garden","price":{{"amount":120,"currency":"EUR"}}}}}})",
        next_, recipient_name(static_cast<unsigned>(next_ * 7919 % options_.recipients)));
    out = post_head(peer_.where(), "/v1/events", "application/cloudevents+json", body.size())
          + body;
    sent_[next_] = std::chrono::duration_cast<microseconds>(wall::now().time_since_epoch()).count();
    return next_++;
  }

  bool await_outcomes() const {
    return harness::eventually(std::chrono::seconds{options_.bound_s}, [&] {
      harness::pause(std::chrono::milliseconds{50});
      return harness::read_value(peer_.database_url(),
                                 "select count(*) from notifications where status = 'sent'")
             == std::to_string(last_);
    });
  }

  const node_options& options_;
  node_peer& peer_;
  std::uint64_t next_ = 0;
  std::uint64_t last_ = 0;
  std::vector<std::int64_t> sent_; // wall clock in microseconds, by event
};

void add_peer_cost(nlohmann::ordered_json& to, const peer_cost& used, double notifications) {
  const auto each = [&](const char* name, microseconds cpu) {
    to[fmt::format("{}_cpu_us_per_notification", name)]
        = rounded(static_cast<double>(cpu.count()) / notifications);
  };
  each("api", used.api);
  each("worker", used.worker);
  each("redis", used.redis);
  each("postgres", used.postgres);
  each("pipeline", used.api + used.worker + used.redis + used.postgres);
  each("simulator", used.simulator);
  each("generator", used.generator);
}

void run_node(const node_options& options) {
  if (const auto missing = node_peer::missing(options.scripts); !missing.empty()) {
    fmt::print(stderr, "node: skipped, {}\n", missing);
    return;
  }
  node_peer peer{options.scripts, options.recipients, options.concurrency};
  node_line line{options, peer};
  line.run(options.warmup);
  auto run = line.run(options.events);
  auto outcomes = line.outcome_latencies(options.warmup);
  const auto events = static_cast<double>(options.events);
  nlohmann::ordered_json out{{"bench", "node"},
                             {"params",
                              {{"events", options.events},
                               {"connections", options.connections},
                               {"recipients", options.recipients},
                               {"concurrency", options.concurrency}}}};
  out["notifications_per_s"] = rounded(events / std::chrono::duration<double>(run.took).count());
  add_peer_cost(out, run.used, events);
  out["accepted_per_s"] = rounded(events / std::chrono::duration<double>(run.sending.took).count());
  add_latency(out, "", run.latencies);
  add_latency(out, "outcome_", outcomes);
  const auto mib = [](std::uint64_t kib) { return rounded(static_cast<double>(kib) / 1024); };
  out["api_mib"] = mib(peer.api_kib());
  out["worker_mib"] = mib(peer.worker_kib());
  out["redis_mib"] = mib(peer.redis_kib());
  out["postgres_mib"] = mib(peer.postgres_kib());
  out["complete"] = run.complete;
  print(out);
}

} // namespace

void add_node(CLI::App& app) {
  auto options = std::make_shared<node_options>();
  auto* command = app.add_subcommand("node", "the same through Node.js, BullMQ and PostgreSQL");
  command->add_option("--events", options->events, "events measured")->capture_default_str();
  command->add_option("--warmup", options->warmup, "events before")->capture_default_str();
  command->add_option("--connections", options->connections)->capture_default_str();
  command->add_option("--recipients", options->recipients)->capture_default_str();
  command->add_option("--concurrency", options->concurrency, "jobs of the worker at once")
      ->capture_default_str();
  command->add_option("--seconds", options->bound_s, "bound of each part")->capture_default_str();
  command->add_option("--scripts", options->scripts, "where they are")->capture_default_str();
  command->callback([options] { run_node(*options); });
}

} // namespace carillon::bench
