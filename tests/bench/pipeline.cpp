// Events over HTTP to the last journaled outcome of a provider's call.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/load_generator.hpp"
#include "tests/bench/stack.hpp"
#include "tests/harness/journal.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <algorithm>
#include <memory>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using wall = std::chrono::system_clock;

struct pipeline_options {
  stack_options stack;
  std::uint64_t events = 20'000;
  std::uint64_t warmup = 2'000;
  unsigned connections = 32;
  unsigned batch = 1;
  double per_second = 0;
  unsigned bound_s = 120;
  bool memory_flat = false;
};

constexpr std::size_t digits = 10;

// One event's JSON with two numbers that are written over.
struct event_text {
  std::string text;
  std::size_t id = 0;
  std::size_t number = 0;
  std::size_t recipient = 0;
};

event_text make_event_text() {
  event_text out;
  out.text = R"({"specversion":"1.0","type":"bench.sms","source":"/bench","id":"e-0000000000",)"
             R"("data":{"who":"p-0000000","n":"0000000000","service":"Facial",)"
             R"("room":"Garden","price":{"amount":120,"currency":"EUR"}}})";
  out.id = out.text.find("e-0") + 2;
  out.recipient = out.text.find("p-0") + 2;
  out.number = out.text.find("\"n\":\"") + 5;
  return out;
}

class pipeline {
public:
  pipeline(const pipeline_options& options, stack& whole)
      : options_(options), stack_(whole), event_(make_event_text()) {
    sent_.resize(options.events + options.warmup);
  }

  // Sends events [first, first + count) and waits for their outcomes.
  load_result run(std::uint64_t first, std::uint64_t count) {
    next_ = first;
    last_ = first + count;
    latencies_.clear();
    load_plan plan;
    plan.to = stack_.daemon().where();
    plan.connections = options_.connections;
    plan.per_second = options_.per_second / options_.batch;
    plan.bound = std::chrono::seconds{options_.bound_s};
    plan.next = [&](std::string& out) { return write_request(out); };
    plan.answered = [this](std::uint64_t, int status, std::string_view body, microseconds took) {
      return take_answer(status, body, took);
    };
    auto result = run_load(plan);
    await_outcomes(last_);
    return result;
  }

  std::vector<std::uint32_t>& latencies() {
    return latencies_;
  }
  const std::vector<std::int64_t>& sent() const {
    return sent_;
  }
  bool outcomes_complete() const {
    return outcomes_complete_;
  }

private:
  std::optional<std::uint64_t> write_request(std::string& out) {
    if (next_ >= last_)
      return std::nullopt;
    const auto count = std::min<std::uint64_t>(options_.batch, last_ - next_);
    build(out, count);
    const auto now
        = std::chrono::duration_cast<microseconds>(wall::now().time_since_epoch()).count();
    for (std::uint64_t i = 0; i < count; ++i, ++next_) {
      char* at = out.data() + body_at_ + i * (event_.text.size() + 1);
      put_digits(at + event_.id, digits, next_);
      put_digits(at + event_.number, digits, next_);
      put_digits(at + event_.recipient, 7, next_ % options_.stack.recipients);
      sent_[next_] = now;
    }
    return next_;
  }

  void build(std::string& out, std::uint64_t count) {
    const bool batched = options_.batch > 1;
    std::string body;
    for (std::uint64_t i = 0; i < count; ++i)
      body += (i == 0 ? "" : ",") + event_.text;
    if (batched)
      body = "[" + body + "]";
    auto head
        = post_head(stack_.daemon().where(), "/v1/events",
                    batched ? "application/cloudevents-batch+json" : "application/cloudevents+json",
                    body.size());
    if (out.size() == head.size() + body.size())
      return; // the same shape as before: only the digits change
    body_at_ = head.size() + (batched ? 1 : 0);
    out = head + body;
  }

  bool take_answer(int status, std::string_view body, microseconds took) {
    if (status == 202 || status == 200) {
      latencies_.push_back(static_cast<std::uint32_t>(took.count()));
      return false;
    }
    if (status == 429 || status == 503)
      return true;
    throw harness::failure(fmt::format("an event was answered {}: {}", status, body));
  }

  void await_outcomes(std::uint64_t wanted) {
    outcomes_complete_ = harness::eventually(std::chrono::seconds{options_.bound_s}, [&] {
      return harness::daemon::metric(stack_.api(), "carillon_attempts_succeeded_total")
             >= static_cast<double>(wanted);
    });
  }

  const pipeline_options& options_;
  stack& stack_;
  event_text event_;
  std::uint64_t next_ = 0;
  std::uint64_t last_ = 0;
  std::size_t body_at_ = 0;
  std::vector<std::uint32_t> latencies_;
  std::vector<std::int64_t> sent_; // wall clock in microseconds, by event
  bool outcomes_complete_ = false;
};

// From the request's first byte to the moment the outcome was decided, of an eighth of the
// partitions.
std::vector<std::uint32_t> outcome_latencies(const std::string& url, std::uint64_t first,
                                             const std::vector<std::int64_t>& sent) {
  pqxx::connection connection{url};
  pqxx::nontransaction work{connection};
  const auto rows
      = work.exec("select p.body::json->>'event', "
                  "(extract(epoch from s.recorded_at) * 1000000)::bigint from journal_1 p "
                  "join journal_1 s on s.notification_id = p.notification_id and s.type = "
                  + std::to_string(static_cast<int>(fact_type::attempt_succeeded))
                  + " where p.partition < 32 and s.partition < 32 and p.type = "
                  + std::to_string(static_cast<int>(fact_type::notification_planned)));
  std::vector<std::uint32_t> out;
  for (const auto& row : rows) {
    const auto n = std::strtoull(row[0].c_str() + 2, nullptr, 10);
    if (n >= first && n < sent.size())
      out.push_back(static_cast<std::uint32_t>(
          std::max<std::int64_t>(0, row[1].as<std::int64_t>() - sent[n])));
  }
  return out;
}

std::uint64_t journaled_outcomes(const std::string& url) {
  return std::stoull(harness::read_value(
      url, "select count(*) from journal_1 where type = "
               + std::to_string(static_cast<int>(fact_type::attempt_succeeded))));
}

void add_cost(nlohmann::ordered_json& to, const cost& used, double notifications) {
  const auto each
      = [&](microseconds cpu) { return rounded(static_cast<double>(cpu.count()) / notifications); };
  to["daemon_cpu_us_per_notification"] = each(used.daemon);
  to["postgres_cpu_us_per_notification"] = each(used.postgres);
  to["simulator_cpu_us_per_notification"] = each(used.simulator);
  to["generator_cpu_us_per_notification"] = each(used.generator);
}

nlohmann::ordered_json parameters(const pipeline_options& o) {
  nlohmann::ordered_json out{{"events", o.events},
                             {"connections", o.connections},
                             {"recipients", o.stack.recipients},
                             {"batch", o.batch},
                             {"callbacks", o.stack.callbacks}};
  if (o.per_second > 0)
    out["per_second"] = o.per_second;
  if (!o.stack.settings.empty())
    out["settings"] = o.stack.settings;
  return out;
}

void run_pipeline(const pipeline_options& options) {
  stack whole{options.stack};
  pipeline line{options, whole};
  if (options.warmup > 0)
    line.run(0, options.warmup);
  const auto before = whole.used();
  const auto began = harness::steady::now();
  const auto sending = line.run(options.warmup, options.events);
  const std::chrono::duration<double> took = harness::steady::now() - began;
  const auto used = whole.used() - before;
  const auto url = whole.daemon().database_url();
  auto outcomes = outcome_latencies(url, options.warmup, line.sent());
  const auto journaled = journaled_outcomes(url);
  const auto events = static_cast<double>(options.events);

  nlohmann::ordered_json out{{"bench", "pipeline"}, {"params", parameters(options)}};
  out["notifications_per_s"] = rounded(events / took.count());
  out["accepted_per_s"] = rounded(events / std::chrono::duration<double>(sending.took).count());
  add_latency(out, "", line.latencies());
  add_latency(out, "outcome_", outcomes);
  add_cost(out, used, events);
  out["rss_mib"] = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  out["postgres_mib"] = rounded(static_cast<double>(whole.postgres_memory_kib()) / 1024);
  out["repeated"] = sending.repeated;
  out["complete"] = sending.complete && line.outcomes_complete()
                    && journaled == options.events + options.warmup;
  print(out);
}

} // namespace

void add_pipeline(CLI::App& app) {
  auto options = std::make_shared<pipeline_options>();
  auto* command = app.add_subcommand("pipeline", "events over HTTP to the journaled outcome");
  command->add_option("--events", options->events, "events measured")->capture_default_str();
  command->add_option("--warmup", options->warmup, "events before")->capture_default_str();
  command->add_option("--connections", options->connections)->capture_default_str();
  command->add_option("--recipients", options->stack.recipients)->capture_default_str();
  command->add_option("--batch", options->batch, "events a request")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--rate", options->per_second, "events a second (default: closed loop)");
  command->add_option("--seconds", options->bound_s, "bound of each part")->capture_default_str();
  command->add_flag("--callbacks", options->stack.callbacks, "the provider reports back");
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_pipeline(*options); });
}

} // namespace carillon::bench
