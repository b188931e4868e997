#include "tests/soak/conductor.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>

namespace carillon::soak {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using nlohmann::json;

namespace {

// What any provider does now and then.
const json everyday = json::array({
    {{"probability", 0.01}, {"seed", 1}, {"status", 500}},
    {{"probability", 0.01}, {"seed", 2}, {"close_after_accept", true}},
    {{"probability", 0.01}, {"seed", 3}, {"close_before_answer", true}},
    {{"probability", 0.003}, {"seed", 4}, {"hang", true}, {"accept", true}},
    {{"probability", 0.01}, {"seed", 5}, {"status", 400}, {"code", 21211}},
    {{"probability", 0.01}, {"seed", 6}, {"bounce", true}},
    {{"probability", 0.03}, {"seed", 7}, {"doubled", true}},
    {{"probability", 0.03}, {"seed", 8}, {"reordered", true}},
    {{"probability", 0.02}, {"seed", 9}, {"late", 2500}},
    {{"probability", 0.01}, {"seed", 10}, {"bad_signature", true}},
    {{"probability", 0.01}, {"seed", 11}, {"truncate", true}},
    {{"probability", 0.2}, {"seed", 12}, {"delay_ms", 60}},
});

json weather_of(fault what) {
  switch (what) {
  case fault::provider_errors:
    return json::array({{{"probability", 0.7}, {"seed", 21}, {"status", 500}}});
  case fault::provider_busy:
    return json::array({{{"probability", 0.6},
                         {"seed", 22},
                         {"status", 429},
                         {"code", 20429},
                         {"retry_after", 1}}});
  case fault::provider_hangs:
    return json::array({{{"probability", 0.2}, {"seed", 23}, {"hang", true}, {"accept", true}},
                        {{"probability", 0.2}, {"seed", 24}, {"hang", true}}});
  case fault::provider_resets:
    return json::array(
        {{{"probability", 0.2}, {"seed", 25}, {"close_after_accept", true}, {"reset", true}},
         {{"probability", 0.3}, {"seed", 26}, {"close_before_answer", true}, {"reset", true}}});
  case fault::provider_slow:
    return json::array({{{"probability", 1.0}, {"seed", 27}, {"delay_ms", 400}}});
  default:
    return json::array({{{"probability", 0.4}, {"seed", 28}, {"status", 400}, {"code", 21211}}});
  }
}

} // namespace

conductor::conductor(scene& on, diary& told, std::vector<planned_fault> plan)
    : scene_(on), told_(told), plan_(std::move(plan)) {
  scene_.simulator.script(everyday);
}

void conductor::run(std::chrono::seconds lasts) {
  for (const auto& one : plan_) {
    watch_until(began_ + one.at);
    carry_out(one);
    ++done_;
  }
  watch_until(began_ + lasts);
}

void conductor::carry_out(const planned_fault& one) {
  switch (one.what) {
  case fault::kill_daemon:
    return restart(one.lasts);
  case fault::kill_twice:
    return kill_twice(one.lasts);
  case fault::stop_daemon:
    return stop_daemon(one.lasts);
  case fault::stall_daemon:
    return stall(one.lasts);
  case fault::crash_database:
    return scene_.database->kill(SIGKILL);
  case fault::restart_database:
    return scene_.database->kill(SIGINT);
  case fault::clock_forward:
  case fault::clock_back:
    return scene_.step_clock(one.step);
  default:
    scene_.simulator.script(weather_of(one.what));
    provider_ill_ = true;
    provider_well_ = clock::now() + one.lasts;
  }
}

void conductor::restart(std::chrono::milliseconds down) {
  scene_.daemon.kill();
  harness::pause(down);
  start_daemon();
}

void conductor::kill_twice(std::chrono::milliseconds after) {
  scene_.daemon.kill();
  scene_.daemon.launch_only();
  harness::pause(after);
  scene_.daemon.kill();
  start_daemon();
}

void conductor::stop_daemon(std::chrono::milliseconds down) {
  if (const auto code = scene_.daemon.stop(); !code || *code != 0) {
    // Drained or not, it may not take longer than its time-out.
    told_.complain(fmt::format("SIGTERM: {}", code ? fmt::format("exit {}", *code) : "no end"));
    if (!code)
      scene_.daemon.kill();
  }
  harness::pause(down);
  start_daemon();
}

void conductor::stall(std::chrono::milliseconds how_long) {
  scene_.daemon.signal(SIGSTOP);
  harness::pause(how_long);
  scene_.daemon.signal(SIGCONT);
}

void conductor::start_daemon() {
  scene_.daemon.start(120s);
  daemon_began_ = clock::now();
}

void conductor::watch_until(clock::time_point then) {
  while (clock::now() < then) {
    if (const auto code = scene_.daemon.await_end(50ms)) {
      told_.complain(
          fmt::format("the daemon ended by itself with {}:\n{}", *code, scene_.daemon.log(8)));
      start_daemon();
    }
    if (provider_ill_ && clock::now() >= provider_well_) {
      scene_.simulator.script(everyday);
      provider_ill_ = false;
    }
    if (clock::now() >= next_sample_)
      sample();
  }
}

void conductor::mend() {
  scene_.simulator.script(json::array());
  scene_.restore_clock();
  if (!scene_.database->await_ready(60s))
    throw harness::failure("the database does not come back");
  if (!harness::eventually(60s, [&] { return scene_.ready(); }))
    throw harness::failure("the daemon is not ready again:\n" + scene_.daemon.log());
}

void conductor::sample() {
  next_sample_ = clock::now() + 1s;
  memory_.push_back({since(began_), since(daemon_began_),
                     harness::usage_of(scene_.daemon.pid()).memory_kib / 1024});
}

std::chrono::seconds conductor::since(clock::time_point then) const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock::now() - then);
}

} // namespace carillon::soak
