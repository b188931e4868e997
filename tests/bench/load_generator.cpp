#include "tests/bench/load_generator.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <deque>
#include <memory>
#include <vector>

#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct connection {
  int socket = -1;
  bool busy = false;
  std::uint64_t tag = 0;
  clock::time_point sent;
  clock::time_point repeat_at{};
  std::string request;
  std::size_t written = 0;
  std::string answer;
};

struct head {
  int status = 0;
  std::size_t size = 0; // of head and body
};

std::size_t length_in(std::string_view text) {
  constexpr std::string_view name = "content-length:";
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    auto line = text.substr(at + 1);
    if (line.size() < name.size() || ::strncasecmp(line.data(), name.data(), name.size()) != 0)
      continue;
    line.remove_prefix(name.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    std::size_t length = 0;
    std::from_chars(line.data(), line.data() + line.size(), length);
    return length;
  }
  return 0;
}

std::optional<head> read_head(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos || end < 12)
    return std::nullopt;
  head out;
  std::from_chars(text.data() + 9, text.data() + 12, out.status);
  out.size = end + 4 + length_in(text.substr(0, end));
  return out;
}

class generator {
public:
  explicit generator(const load_plan& plan) : plan_(plan), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (unsigned i = 0; i < plan_.connections; ++i)
      open(*connections_.emplace_back(std::make_unique<connection>()));
  }
  ~generator() {
    for (auto& each : connections_)
      ::close(each->socket);
    ::close(epoll_);
  }
  generator(const generator&) = delete;
  generator& operator=(const generator&) = delete;

  load_result run() {
    const auto began = clock::now();
    const auto ends = began + plan_.bound;
    due_ = began;
    for (auto& each : connections_)
      idle_.push_back(each.get());
    start_idle();
    while ((busy_ > 0 || !exhausted_) && clock::now() < ends)
      step();
    result_.complete = busy_ == 0 && exhausted_;
    result_.took = clock::now() - began;
    return result_;
  }

private:
  void open(connection& c) {
    c.socket = harness::connect_to(plan_.to, harness::deadline{5s});
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &c;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.socket, &event);
  }

  void step() {
    epoll_event events[64];
    const int wait = plan_.per_second > 0 && !exhausted_ ? 1 : repeats_ > 0 ? 5 : 100;
    const int n = ::epoll_wait(epoll_, events, 64, wait);
    for (int i = 0; i < n; ++i)
      handle(*static_cast<connection*>(events[i].data.ptr), events[i].events);
    if (repeats_ > 0)
      start_repeats();
    start_idle();
  }

  void start_idle() {
    while (!idle_.empty() && !exhausted_) {
      if (plan_.per_second > 0) {
        if (clock::now() < due_)
          return;
        due_ += std::chrono::nanoseconds{static_cast<std::int64_t>(1e9 / plan_.per_second)};
      }
      auto& c = *idle_.front();
      if (auto tag = plan_.next(c.request)) {
        idle_.pop_front();
        c.tag = *tag;
        ++busy_;
        ++result_.requests;
        begin(c);
      } else {
        exhausted_ = true;
      }
    }
  }

  void begin(connection& c) {
    c.busy = true;
    c.written = 0;
    c.sent = clock::now();
    write(c);
  }

  void write(connection& c) {
    while (c.written < c.request.size()) {
      const auto n = ::send(c.socket, c.request.data() + c.written, c.request.size() - c.written,
                            MSG_NOSIGNAL);
      if (n > 0) {
        c.written += static_cast<std::size_t>(n);
        continue;
      }
      if (errno == EAGAIN)
        watch(c, EPOLLIN | EPOLLOUT);
      return; // an error shows when reading
    }
  }

  void watch(connection& c, std::uint32_t what) const {
    epoll_event event{};
    event.events = what;
    event.data.ptr = &c;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.socket, &event);
  }

  void handle(connection& c, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
      watch(c, EPOLLIN);
      write(c);
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0)
      return;
    char some[64 * 1024];
    const auto n = ::recv(c.socket, some, sizeof some, 0);
    if (n > 0)
      take(c, {some, static_cast<std::size_t>(n)});
    else if (n == 0 || errno != EAGAIN)
      reopen(c);
  }

  void take(connection& c, std::string_view bytes) {
    if (!c.answer.empty()) {
      c.answer.append(bytes);
      bytes = c.answer;
    }
    const auto first = read_head(bytes);
    if (!first || bytes.size() < first->size) {
      if (c.answer.empty())
        c.answer.assign(bytes);
      return;
    }
    const auto latency
        = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - c.sent);
    const auto body = bytes.substr(bytes.find("\r\n\r\n") + 4);
    const bool again = plan_.answered(c.tag, first->status, body, latency);
    c.answer.clear();
    finish(c, again);
  }

  void finish(connection& c, bool again) {
    c.busy = false;
    if (again) {
      ++result_.repeated;
      ++repeats_;
      c.repeat_at = clock::now() + 20ms;
    } else {
      --busy_;
      idle_.push_back(&c);
    }
  }

  void start_repeats() {
    const auto now = clock::now();
    for (auto& each : connections_)
      if (each->repeat_at != clock::time_point{} && each->repeat_at <= now) {
        each->repeat_at = {};
        --repeats_;
        begin(*each);
      }
  }

  void reopen(connection& c) {
    ::close(c.socket);
    c.answer.clear();
    open(c);
    if (c.busy) {
      ++result_.lost;
      finish(c, true);
    }
  }

  const load_plan& plan_;
  int epoll_;
  std::vector<std::unique_ptr<connection>> connections_;
  std::deque<connection*> idle_;
  std::size_t busy_ = 0;
  std::size_t repeats_ = 0;
  bool exhausted_ = false;
  clock::time_point due_;
  load_result result_;
};

} // namespace

load_result run_load(const load_plan& plan) {
  return generator{plan}.run();
}

} // namespace carillon::bench
