#include "adapters/daemon/stop_signal.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <thread>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

namespace carillon::daemon {
namespace {

std::atomic<int> code_at_once{0};

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

extern "C" void end_at_once(int number) {
  constexpr char late[] = "carillond: did not stop in time, ends at once\n";
  constexpr char again[] = "carillond: told to stop again, ends at once\n";
  [[maybe_unused]] auto written = number == SIGALRM
                                      ? ::write(STDERR_FILENO, late, sizeof late - 1)
                                      : ::write(STDERR_FILENO, again, sizeof again - 1);
  ::_exit(code_at_once.load());
}

} // namespace

stop_signal::stop_signal() {
  std::signal(SIGPIPE,
              SIG_IGN); // a peer that goes away is an error of the write, not of the process
  auto set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  requests_ = ::eventfd(0, EFD_CLOEXEC);
}

stop_signal::~stop_signal() {
  ::close(signals_);
  ::close(requests_);
}

bool stop_signal::run(const std::function<void()>& work) {
  int done = ::eventfd(0, EFD_CLOEXEC);
  std::thread worker{[&] {
    work();
    std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(done, &one, sizeof one);
  }};
  std::array<pollfd, 2> sources{{{signals_, POLLIN, 0}, {done, POLLIN, 0}}};
  while (::poll(sources.data(), sources.size(), -1) < 0 && errno == EINTR) {
  }
  if (sources[1].revents == 0) {
    worker.detach();
    return false;
  }
  worker.join();
  ::close(done);
  return true;
}

int stop_signal::wait() {
  std::array<pollfd, 2> sources{{{signals_, POLLIN, 0}, {requests_, POLLIN, 0}}};
  while (::poll(sources.data(), sources.size(), -1) < 0 && errno == EINTR) {
  }
  std::uint64_t code = 0;
  if (sources[1].revents != 0 && ::read(requests_, &code, sizeof code) == sizeof code)
    return static_cast<int>(code - 1);
  signalfd_siginfo taken{};
  [[maybe_unused]] auto n
      = ::read(signals_, &taken, sizeof taken); // or it would count as the second
  return 0;
}

void stop_signal::request(int code) noexcept {
  std::uint64_t value = static_cast<std::uint64_t>(code) + 1; // an eventfd does not hold 0
  static std::atomic<bool> taken{false};
  if (!taken.exchange(true)) {
    [[maybe_unused]] auto n = ::write(requests_, &value, sizeof value);
  }
}

void stop_signal::end_at_once_after(std::chrono::microseconds limit, int code) {
  code_at_once = code;
  struct sigaction action {};
  action.sa_handler = end_at_once;
  sigfillset(&action.sa_mask);
  for (int number : {SIGTERM, SIGINT, SIGALRM})
    ::sigaction(number, &action, nullptr);
  auto set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  itimerval timer{};
  timer.it_value.tv_sec = limit.count() / 1'000'000;
  timer.it_value.tv_usec = limit.count() % 1'000'000;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

} // namespace carillon::daemon
