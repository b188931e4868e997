// One message to all live sessions of its recipient, against a bare send loop to as many sockets.
#include "tests/bench/bare_sender.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/live_readers.hpp"
#include "tests/bench/stack.hpp"
#include "tests/harness/setup.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <memory>
#include <semaphore>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;
using harness::steady;
using seconds_of = std::chrono::duration<double>;

struct fanout_options {
  stack_options stack;
  std::vector<unsigned> sessions{1000, 5000};
  unsigned messages = 60;
};

/// When one message's frames came.
struct arrival {
  steady::time_point first;
  steady::time_point last;
};

/// Sessions that all wait for the same frame.
class audience {
public:
  audience(const harness::endpoint& to, const std::string& token, unsigned sessions)
      : sessions_(sessions), readers_([this](std::size_t, std::string_view text) { note(text); }) {
    for (unsigned i = 0; i < sessions; ++i)
      readers_.open(to, token);
    readers_.start();
  }

  /// Waits until every session has one more frame.
  arrival await() {
    if (!done_.try_acquire_for(10s))
      throw harness::failure(fmt::format("{} of {} frames came", frames_.load(), sessions_));
    frames_ = 0;
    return arrival_;
  }

  /// Of the newest message.
  const std::string& text() const {
    return text_;
  }

private:
  void note(std::string_view text) {
    const auto n = ++frames_;
    if (n == 1) {
      arrival_.first = steady::now();
      text_ = text;
    }
    if (n == sessions_) {
      arrival_.last = steady::now();
      done_.release();
    }
  }

  unsigned sessions_;
  std::atomic<unsigned> frames_{0};
  arrival arrival_; ///< written by the reading thread until `done_`
  std::string text_;
  std::binary_semaphore done_{0};
  live_readers readers_; // last: its thread uses the rest
};

/// What one side's messages took.
struct side {
  seconds_of between{0}; ///< first frame to last
  seconds_of whole{0};   ///< from the request, or the order to send, to the last frame
  std::chrono::microseconds cpu{0};

  void add(steady::time_point began, const arrival& came) {
    between += came.last - came.first;
    whole += came.last - began;
  }
};

struct outcome {
  side engine;
  side bare;
  std::vector<std::uint32_t> last_frames; ///< microseconds from the request
};

class fanout {
public:
  fanout(stack& whole, unsigned sessions)
      : stack_(whole), audience_(whole.daemon().where(),
                                 harness::token_of(whole.api(), recipient_name(0)), sessions),
        bare_audience_(bare_.where(), "nobody", sessions) {}

  // Turn by turn, so that whatever else the machine does meets both.
  outcome run(unsigned messages) {
    outcome out;
    for (unsigned i = 0; i < messages + warmup; ++i) {
      if (i == warmup)
        out = {};
      with_engine(i, out);
      with_bare(out);
    }
    return out;
  }

  std::size_t frame_bytes() const {
    return audience_.text().size();
  }

private:
  static constexpr unsigned warmup = 3;

  void with_engine(unsigned number, outcome& out) {
    const auto event = harness::cloud_event(
        "bench.fanout", fmt::format("f-{}", number),
        {{"who", recipient_name(0)}, {"n", fmt::format("{:010}", number)}, {"service", "Facial"}});
    const auto before = stack_.used();
    const auto began = steady::now();
    harness::expect(harness::post_event(stack_.api(), event), 202, "an event");
    const auto came = audience_.await();
    harness::pause(20ms); // what the daemon does after the last frame is its own
    out.engine.cpu += (stack_.used() - before).daemon;
    out.engine.add(began, came);
    out.last_frames.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(came.last - began).count()));
  }

  void with_bare(outcome& out) {
    const auto before = bare_.used();
    const auto began = steady::now();
    bare_.send(audience_.text());
    out.bare.add(began, bare_audience_.await());
    out.bare.cpu += bare_.used() - before;
  }

  stack& stack_;
  bare_sender bare_;
  audience audience_;
  audience bare_audience_;
};

void run_fanout(const fanout_options& options, unsigned sessions) {
  stack whole{options.stack};
  harness::put_rule(whole.api(), "bench_fanout", in_app_rule("bench.fanout"));
  fanout line{whole, sessions};
  auto got = line.run(options.messages);
  const auto frames = static_cast<double>(sessions) * options.messages;
  const auto rate = [&](seconds_of took) { return rounded(frames / took.count()); };
  const auto each
      = [&](const side& of) { return rounded(static_cast<double>(of.cpu.count()) / frames); };
  nlohmann::ordered_json out{{"bench", "fanout"},
                             {"params",
                              {{"sessions", sessions},
                               {"messages", options.messages},
                               {"frame_bytes", line.frame_bytes()}}}};
  out["frames_per_s"] = rate(got.engine.between);
  out["bare_frames_per_s"] = rate(got.bare.between);
  out["ratio"] = rounded(got.bare.between / got.engine.between);
  out["frames_per_s_from_request"] = rate(got.engine.whole);
  add_latency(out, "last_frame_", got.last_frames);
  out["daemon_cpu_us_per_frame"] = each(got.engine);
  out["bare_cpu_us_per_frame"] = each(got.bare);
  out["rss_mib"] = rounded(static_cast<double>(whole.daemon_memory_kib()) / 1024);
  out["complete"] = true;
  print(out);
}

} // namespace

void add_fanout(CLI::App& app) {
  auto options = std::make_shared<fanout_options>();
  options->stack.recipients = 1;
  auto* command = app.add_subcommand("fanout", "one message to many sessions of its recipient");
  command->add_option("--sessions", options->sessions, "one measurement for each number")
      ->delimiter(',')
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command->add_option("--messages", options->messages)
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--set", options->stack.settings, "section.key=value for the daemon");
  command->callback([options] {
    for (const auto sessions : options->sessions)
      run_fanout(*options, sessions);
  });
}

} // namespace carillon::bench
