#include "tests/harness/wait.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace carillon::harness {

namespace {

bool await_events(int descriptor, short events, const deadline& by) {
  for (;;) {
    pollfd one{descriptor, events, 0};
    const int n = ::poll(&one, 1, by.left());
    if (n > 0)
      return true;
    if (n == 0 && by.passed())
      return false;
    if (n < 0 && errno != EINTR)
      return false;
  }
}

} // namespace

int deadline::left() const {
  const auto left = std::chrono::ceil<milliseconds>(at_ - steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

bool await_readable(int descriptor, const deadline& by) {
  return await_events(descriptor, POLLIN, by);
}

bool await_writable(int descriptor, const deadline& by) {
  return await_events(descriptor, POLLOUT, by);
}

void pause(std::chrono::microseconds how_long) {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  itimerspec when{};
  when.it_value.tv_sec = how_long.count() / 1'000'000;
  when.it_value.tv_nsec = std::max<long>(1, how_long.count() % 1'000'000 * 1000);
  ::timerfd_settime(timer, 0, &when, nullptr);
  std::uint64_t expirations = 0;
  while (::read(timer, &expirations, sizeof expirations) < 0 && errno == EINTR)
    ;
  ::close(timer);
}

bool eventually(milliseconds bound, const std::function<bool()>& holds) {
  const deadline by{bound};
  std::chrono::microseconds step{1000};
  for (;;) {
    if (holds())
      return true;
    if (by.passed())
      return false;
    pause(step);
    step = std::min(step * 3 / 2, std::chrono::microseconds{40'000});
  }
}

} // namespace carillon::harness
