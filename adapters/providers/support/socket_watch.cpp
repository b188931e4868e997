#include "adapters/providers/support/socket_watch.hpp"

#include <curl/multi.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace carillon::providers {

namespace {

std::uint32_t epoll_bits(int curl_what) noexcept {
  std::uint32_t bits = 0;
  if ((curl_what & CURL_POLL_IN) != 0)
    bits |= EPOLLIN;
  if ((curl_what & CURL_POLL_OUT) != 0)
    bits |= EPOLLOUT;
  return bits;
}

int curl_bits(std::uint32_t events) noexcept {
  int bits = 0;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) != 0)
    bits |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0)
    bits |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0)
    bits |= CURL_CSELECT_ERR;
  return bits;
}

} // namespace

socket_watch::socket_watch() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event ev{};
  ev.events = EPOLLIN;
  ev.data.fd = wake_;
  if (epoll_ < 0 || wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &ev) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll");
}

socket_watch::~socket_watch() {
  close(wake_);
  close(epoll_);
}

void socket_watch::want(int socket, int curl_what) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= entries_.size())
    entries_.resize(index + 1);
  auto& e = entries_[index];
  e.wanted = curl_what == CURL_POLL_REMOVE ? 0 : epoll_bits(curl_what);
  if (e.wanted != 0 && e.wanted != e.registered)
    set(socket, e, e.wanted);
}

void socket_watch::forget(int socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index < entries_.size() && entries_[index].registered != 0)
    set(socket, entries_[index], 0);
  if (index < entries_.size())
    entries_[index] = {};
}

void socket_watch::set(int socket, entry& e, std::uint32_t events) {
  epoll_event ev{};
  ev.events = events;
  ev.data.fd = socket;
  const int op = events == 0 ? EPOLL_CTL_DEL : (e.registered != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
  // The set may disagree with the table if a descriptor was closed and opened again unseen.
  if (epoll_ctl(epoll_, op, socket, &ev) != 0) {
    if (op == EPOLL_CTL_MOD && errno == ENOENT)
      epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &ev);
    else if (op == EPOLL_CTL_ADD && errno == EEXIST)
      epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &ev);
  }
  e.registered = events;
}

void socket_watch::wait(std::chrono::milliseconds limit, std::vector<event>& out) {
  std::array<epoll_event, 128> ready;
  const int timeout = limit.count() < 0 ? -1 : static_cast<int>(limit.count());
  const int n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), timeout);
  for (int i = 0; i < n; ++i) {
    const auto& r = ready[static_cast<std::size_t>(i)];
    const int fd = r.data.fd;
    if (fd == wake_) {
      eventfd_t ignored = 0;
      eventfd_read(wake_, &ignored);
      continue;
    }
    auto& e = entries_[static_cast<std::size_t>(fd)];
    if (e.wanted == 0)
      set(fd, e, 0); // an idle connection ended; curl finds out when it looks at it next
    else
      out.push_back({fd, curl_bits(r.events)});
  }
}

void socket_watch::wake() noexcept {
  eventfd_write(wake_, 1);
}

} // namespace carillon::providers
