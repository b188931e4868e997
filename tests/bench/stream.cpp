// From an event's first byte to the frame on its recipient's WebSocket, at a steady rate.
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/live_readers.hpp"
#include "tests/bench/load_generator.hpp"
#include "tests/bench/stack.hpp"
#include "tests/harness/setup.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <memory>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

struct stream_options {
  stack_options stack;
  double per_second = 1000;
  unsigned seconds = 20;
  unsigned sessions = 200;
  unsigned connections = 32;
};

std::int64_t now_us() {
  return std::chrono::duration_cast<microseconds>(harness::steady::now().time_since_epoch())
      .count();
}

class stream {
public:
  stream(const stream_options& options, stack& whole)
      : options_(options), stack_(whole),
        count_(static_cast<std::size_t>(options.per_second * options.seconds)), sent_(count_),
        arrived_(count_), readers_([this](std::size_t, std::string_view text) { note(text); }) {}

  void open_sessions() {
    for (unsigned i = 0; i < options_.sessions; ++i)
      readers_.open(stack_.daemon().where(), harness::token_of(stack_.api(), recipient_name(i)));
    readers_.start();
  }

  load_result run() {
    load_plan plan;
    plan.to = stack_.daemon().where();
    plan.connections = options_.connections;
    plan.per_second = options_.per_second;
    plan.bound = std::chrono::seconds{options_.seconds * 2 + 10};
    plan.next = [this](std::string& out) { return write_request(out); };
    plan.answered = [this](std::uint64_t, int status, std::string_view, microseconds took) {
      if (status == 202)
        answers_.push_back(static_cast<std::uint32_t>(took.count()));
      return status == 503 || status == 429;
    };
    const auto result = run_load(plan);
    harness::eventually(10s, [this] { return frames_ >= count_; });
    return result;
  }

  std::vector<std::uint32_t> latencies() const {
    std::vector<std::uint32_t> out;
    for (std::size_t i = count_ / 10; i < count_; ++i) // the first tenth warms up
      if (const auto at = arrived_[i].load(); at != 0)
        out.push_back(static_cast<std::uint32_t>(at - sent_[i].load()));
    return out;
  }
  std::vector<std::uint32_t>& answers() {
    return answers_;
  }
  std::size_t frames() const {
    return frames_;
  }
  std::size_t count() const {
    return count_;
  }

private:
  std::optional<std::uint64_t> write_request(std::string& out) {
    if (next_ >= count_)
      return std::nullopt;
    const auto body
        = fmt::format(R"({{"specversion":"1.0","type":"bench.live","source":"/bench","id":"l-{0}",)"
                      R"("data":{{"who":"{1}","n":"{0:010}","service":"Facial"}}}})",
                      next_, recipient_name(static_cast<unsigned>(next_ % options_.sessions)));
    out = post_head(stack_.daemon().where(), "/v1/events", "application/cloudevents+json",
                    body.size())
          + body;
    sent_[next_] = now_us();
    return next_++;
  }

  void note(std::string_view text) {
    const auto at = text.find("Number ");
    std::size_t number = 0;
    if (at == std::string_view::npos
        || std::from_chars(text.data() + at + 7, text.data() + std::min(at + 17, text.size()),
                           number)
                   .ec
               != std::errc{}
        || number >= count_)
      return;
    arrived_[number] = now_us();
    ++frames_;
  }

  const stream_options& options_;
  stack& stack_;
  std::size_t count_;
  std::size_t next_ = 0;
  std::vector<std::atomic<std::int64_t>> sent_;
  std::vector<std::atomic<std::int64_t>> arrived_;
  std::vector<std::uint32_t> answers_;
  std::atomic<std::size_t> frames_{0};
  live_readers readers_; // last: its thread uses the rest
};

void run_stream(stream_options options) {
  options.stack.recipients = std::max(options.stack.recipients, options.sessions);
  stack whole{options.stack};
  harness::put_rule(whole.api(), "bench_live", in_app_rule("bench.live"));
  stream line{options, whole};
  line.open_sessions();
  const auto before = whole.used();
  const auto sending = line.run();
  const auto used = whole.used() - before;
  auto latencies = line.latencies();
  nlohmann::ordered_json out{{"bench", "stream"},
                             {"params",
                              {{"per_second", options.per_second},
                               {"seconds", options.seconds},
                               {"sessions", options.sessions}}}};
  add_latency(out, "", latencies);
  add_latency(out, "answer_", line.answers());
  out["frames"] = line.frames();
  out["daemon_cpu_us_per_notification"]
      = rounded(static_cast<double>(used.daemon.count()) / static_cast<double>(line.count()));
  out["postgres_cpu_us_per_notification"]
      = rounded(static_cast<double>(used.postgres.count()) / static_cast<double>(line.count()));
  out["complete"] = sending.complete && line.frames() == line.count();
  print(out);
}

} // namespace

void add_stream(CLI::App& app) {
  auto options = std::make_shared<stream_options>();
  options->stack.recipients = 200;
  auto* command = app.add_subcommand("stream", "event to WebSocket frame at a rate");
  command->add_option("--rate", options->per_second, "events a second")->capture_default_str();
  command->add_option("--seconds", options->seconds)->capture_default_str();
  command->add_option("--sessions", options->sessions)->capture_default_str();
  command->add_option("--connections", options->connections)->capture_default_str();
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] { run_stream(*options); });
}

} // namespace carillon::bench
