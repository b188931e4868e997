#include "tests/soak/traffic.hpp"

#include "tests/soak/client.hpp"

namespace carillon::soak {

namespace {

using clock = std::chrono::steady_clock;

// At a steady pace; what an outage held up is not made up for.
void run(client& who, std::chrono::microseconds pace, const std::atomic<bool>& stopping) {
  for (auto next = clock::now(); !stopping;) {
    who.act();
    next = std::max(next + pace, clock::now() - pace);
    if (const auto now = clock::now(); next > now)
      harness::pause(std::chrono::duration_cast<std::chrono::microseconds>(next - now));
  }
}

} // namespace

traffic::traffic(const scene& about, diary& told, const soak_options& options) {
  running_ = options.clients;
  const auto pace = std::chrono::microseconds{
      static_cast<std::int64_t>(1e6 * options.clients / options.per_second)};
  for (unsigned i = 0; i < options.clients; ++i)
    threads_.emplace_back([this, &about, &told, seed = options.seed, i, pace] {
      client who{about, told, seed, i, given_up_};
      try {
        run(who, pace, stopping_);
      } catch (const std::exception& e) {
        told.complain(e.what());
      }
      --running_;
    });
}

traffic::~traffic() {
  finish(std::chrono::milliseconds{0});
  for (auto& each : threads_)
    each.join();
}

bool traffic::finish(std::chrono::milliseconds bound) {
  stopping_ = true;
  const bool all = harness::eventually(bound, [&] { return running_ == 0; });
  given_up_ = true;
  return all;
}

} // namespace carillon::soak
