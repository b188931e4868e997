#include "tests/bench/bare_sender.hpp"

#include <cerrno>
#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

// RFC 6455, 5.2: a server's text frame.
std::string text_frame(std::string_view text) {
  std::string out{static_cast<char>(0x81)};
  if (text.size() < 126) {
    out += static_cast<char>(text.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size());
  }
  return out.append(text);
}

int listen_on_loopback() {
  const int out = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(out, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0
      || ::listen(out, SOMAXCONN) != 0)
    throw harness::failure("no port for the bare sender");
  return out;
}

} // namespace

bare_sender::bare_sender()
    : listener_(listen_on_loopback()), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC)) {
  watch(listener_);
  watch(wake_);
  thread_ = std::thread{[this] { run(); }};
  ::pthread_getcpuclockid(thread_.native_handle(), &clock_);
}

bare_sender::~bare_sender() {
  ending_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  for (const int socket : sockets_)
    ::close(socket);
  for (const int each : {listener_, epoll_, wake_})
    ::close(each);
}

harness::endpoint bare_sender::where() const {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  return {"127.0.0.1", ntohs(at.sin_port)};
}

void bare_sender::send(std::string_view text) {
  frame_ = text_frame(text);
  ::eventfd_write(wake_, 1);
}

std::chrono::microseconds bare_sender::used() const {
  timespec at{};
  ::clock_gettime(clock_, &at);
  return std::chrono::seconds{at.tv_sec} + std::chrono::microseconds{at.tv_nsec / 1000};
}

void bare_sender::watch(int socket) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void bare_sender::run() {
  epoll_event events[64];
  while (!ending_) {
    const int n = ::epoll_wait(epoll_, events, 64, -1);
    for (int i = 0; i < n && !ending_; ++i) {
      const int which = events[i].data.fd;
      if (which == listener_)
        take_client();
      else if (which == wake_)
        send_to_all();
      else
        greet(which);
    }
  }
}

void bare_sender::take_client() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0)
    return;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  upgraded_.resize(std::max<std::size_t>(upgraded_.size(), static_cast<std::size_t>(socket) + 1));
  sockets_.push_back(socket);
  watch(socket);
}

// A client says two things, each in one piece: its request, and its first frame.
void bare_sender::greet(int socket) {
  char some[4096];
  const auto n = ::recv(socket, some, sizeof some, 0);
  if (n <= 0) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
    return;
  }
  auto upgraded = upgraded_[static_cast<std::size_t>(socket)];
  const std::string answer = upgraded ? text_frame(R"({"op":"hello"})")
                                      : "HTTP/1.1 101 Switching Protocols\r\n"
                                        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  upgraded = true;
  ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
}

void bare_sender::send_to_all() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_, &ignored);
  for (const int socket : sockets_)
    ::send(socket, frame_.data(), frame_.size(), MSG_NOSIGNAL); // short only if nobody reads
}

} // namespace carillon::bench
