#include "adapters/daemon/wall_clock.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace carillon::daemon {
namespace {

/// A descriptor that is closed at the end.
class descriptor {
public:
  explicit descriptor(int value) : value_(value) {}
  ~descriptor() {
    if (value_ >= 0)
      ::close(value_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const {
    return value_;
  }

private:
  int value_;
};

/// Arms a timer that never rings but is cancelled when the system's clock is set
/// (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
void arm(int timer) {
  itimerspec never{};
  never.it_value.tv_sec = 1L << 40;
  ::timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

bool was_cancelled(int timer) {
  std::uint64_t rings = 0;
  auto n = ::read(timer, &rings, sizeof rings);
  return n < 0 && errno == ECANCELED;
}

void drop_events(int watch) {
  std::array<char, 4096> events;
  [[maybe_unused]] auto n = ::read(watch, events.data(), events.size());
}

} // namespace

std::optional<duration> parse_offset(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r'))
    text.remove_suffix(1);
  if (text.empty())
    return duration{0};
  auto negative = text.front() == '-';
  if (negative || text.front() == '+')
    text.remove_prefix(1);
  auto value = parse_duration(text);
  return value && negative ? -*value : value;
}

wall_clock::wall_clock(std::filesystem::path offset_file, std::function<void()> jumped)
    : file_(std::move(offset_file)), jumped_(std::move(jumped)),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  read_offset();
}

wall_clock::~wall_clock() {
  rest();
  ::close(stop_);
}

void wall_clock::rest() {
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(stop_, &one, sizeof one);
  if (thread_.joinable())
    thread_.join();
}

timestamp wall_clock::now() const noexcept {
  auto system = std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
  return system + duration{offset_.load(std::memory_order_relaxed)};
}

void wall_clock::watch() {
  thread_ = std::thread{[this] { run(); }};
}

void wall_clock::run() {
  descriptor timer{::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)};
  descriptor watch{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!file_.empty()) {
    auto directory = file_.has_parent_path() ? file_.parent_path() : std::filesystem::path{"."};
    ::inotify_add_watch(watch.get(), directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE);
    if (read_offset()) // between construction and now
      jumped_();
  }
  arm(timer.get());
  for (;;) {
    std::array<pollfd, 3> sources{
        {{stop_, POLLIN, 0}, {timer.get(), POLLIN, 0}, {watch.get(), POLLIN, 0}}};
    if (::poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR)
      return;
    if (sources[0].revents != 0)
      return;
    if (sources[1].revents != 0 && was_cancelled(timer.get())) {
      arm(timer.get());
      spdlog::info("the system's clock was set");
      jumped_();
    }
    if (sources[2].revents != 0) {
      drop_events(watch.get());
      if (read_offset())
        jumped_();
    }
  }
}

bool wall_clock::read_offset() {
  if (file_.empty())
    return false;
  std::ifstream in{file_};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto offset = parse_offset(text);
  if (!offset) {
    spdlog::warn("{} is no offset: {}", file_.string(), text);
    return false;
  }
  return offset_.exchange(offset->count()) != offset->count();
}

} // namespace carillon::daemon
