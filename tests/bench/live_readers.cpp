#include "tests/bench/live_readers.hpp"

#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

// RFC 6455, 5.2: a short text frame, masked with zeroes.
std::string masked_text(std::string_view text) {
  std::string out;
  out += static_cast<char>(0x81);
  out += static_cast<char>(0x80 | text.size());
  out.append(4, '\0');
  return out.append(text);
}

struct frame {
  std::size_t head = 0;
  std::size_t length = 0;
  int opcode = 0;
};

// A server's frame is not masked.
bool read_frame(std::string_view bytes, frame& out) {
  if (bytes.size() < 2)
    return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  out.opcode = byte(0) & 0x0f;
  out.length = byte(1) & 0x7f;
  out.head = out.length == 126 ? 4 : out.length == 127 ? 10 : 2;
  if (bytes.size() < out.head)
    return false;
  if (out.head > 2) {
    out.length = 0;
    for (std::size_t i = 2; i < out.head; ++i)
      out.length = out.length << 8 | byte(i);
  }
  return bytes.size() >= out.head + out.length;
}

std::string read_some(int socket, const harness::deadline& by) {
  char some[4096];
  if (!harness::await_readable(socket, by))
    throw harness::connection_lost("no answer to the upgrade");
  const auto n = ::recv(socket, some, sizeof some, 0);
  if (n <= 0)
    throw harness::connection_lost("the upgrade was refused");
  return {some, static_cast<std::size_t>(n)};
}

void write_all(int socket, std::string_view bytes) {
  if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL)
      != static_cast<ssize_t>(bytes.size()))
    throw harness::connection_lost("short write");
}

} // namespace

live_readers::live_readers(on_frame frame)
    : frame_(std::move(frame)), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {}

live_readers::~live_readers() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(stop_, &one, sizeof one);
  if (thread_.joinable())
    thread_.join();
  for (const auto& each : sessions_)
    ::close(each->socket);
  ::close(stop_);
  ::close(epoll_);
}

void live_readers::open(const harness::endpoint& to, const std::string& token) {
  const harness::deadline by{10s};
  auto one = std::make_unique<session>();
  one->socket = harness::connect_to(to, by);
  write_all(one->socket, "GET /v1/stream HTTP/1.1\r\nHost: " + to.host
                             + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                               "Sec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                               "Sec-WebSocket-Protocol: carillon.v1\r\nAuthorization: Bearer "
                             + token + "\r\n\r\n");
  std::string answer;
  while (answer.find("\r\n\r\n") == std::string::npos)
    answer += read_some(one->socket, by);
  if (!answer.starts_with("HTTP/1.1 101"))
    throw harness::connection_lost("the upgrade was refused: " + answer);
  write_all(one->socket, masked_text(R"({"op":"start"})"));
  one->pending = answer.substr(answer.find("\r\n\r\n") + 4);
  frame hello;
  while (!read_frame(one->pending, hello))
    one->pending += read_some(one->socket, by);
  one->pending.erase(0, hello.head + hello.length);
  sessions_.push_back(std::move(one));
}

void live_readers::start() {
  const auto watch = [this](int socket, std::uint64_t number) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  };
  for (std::size_t i = 0; i < sessions_.size(); ++i)
    watch(sessions_[i]->socket, i);
  watch(stop_, sessions_.size());
  thread_ = std::thread{[this] { run(); }};
}

void live_readers::run() {
  epoll_event events[64];
  for (;;) {
    const int n = ::epoll_wait(epoll_, events, 64, -1);
    for (int i = 0; i < n; ++i) {
      const auto which = static_cast<std::size_t>(events[i].data.u64);
      if (which == sessions_.size())
        return;
      if (!read(which)) {
        ++lost_;
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, sessions_[which]->socket, nullptr);
      }
    }
  }
}

bool live_readers::read(std::size_t which) {
  auto& one = *sessions_[which];
  char some[16 * 1024];
  const auto n = ::recv(one.socket, some, sizeof some, 0);
  if (n <= 0)
    return n < 0 && errno == EAGAIN;
  one.pending.append(some, static_cast<std::size_t>(n));
  take_frames(which);
  return true;
}

void live_readers::take_frames(std::size_t which) {
  auto& one = *sessions_[which];
  std::size_t at = 0;
  frame next;
  while (read_frame(std::string_view{one.pending}.substr(at), next)) {
    const auto text = std::string_view{one.pending}.substr(at + next.head, next.length);
    if (text == R"({"op":"ping"})")
      write_all(one.socket, masked_text(R"({"op":"pong"})"));
    else if (next.opcode == 1)
      frame_(which, text);
    at += next.head + next.length;
  }
  one.pending.erase(0, at);
}

} // namespace carillon::bench
