#include "tests/persistence/proxy.hpp"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace carillon::test {

namespace {

sockaddr_un address_in(const std::filesystem::path& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto path = (directory / ".s.PGSQL.5432").string();
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("socket path too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int unix_socket() {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

bool send_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    auto sent = ::send(to, data, size, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// CopyDone of the protocol: 'c' and a length of 4.
bool ends_a_copy(const char* data, std::size_t size) {
  return size >= 5 && std::memcmp(data + size - 5, "c\0\0\0\4", 5) == 0;
}

bool readable(int descriptor, int timeout_ms) {
  pollfd item{descriptor, POLLIN, 0};
  return ::poll(&item, 1, timeout_ms) > 0;
}

} // namespace

cutting_proxy::cutting_proxy(std::function<cut()> plan) : plan_(std::move(plan)) {
  listener_ = unix_socket();
  auto address = address_in(directory_.path());
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0
      || ::listen(listener_, 16) != 0)
    throw std::runtime_error("the proxy cannot listen");
  acceptor_ = std::thread{[this] { accept_all(); }};
}

cutting_proxy::~cutting_proxy() {
  stopping_ = true;
  acceptor_.join();
  for (auto& connection : connections_)
    connection.join();
  ::close(listener_);
}

std::string cutting_proxy::url(const database& of) const {
  return fmt::format("host={} port=5432 user=carillon dbname={}", directory_.path().string(),
                     of.name());
}

void cutting_proxy::accept_all() {
  while (!stopping_) {
    if (!readable(listener_, 50))
      continue;
    int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0)
      connections_.emplace_back([this, client, plan = plan_()] { serve(client, plan); });
  }
}

bool cutting_proxy::pass(int from, int to, std::size_t& left) const {
  char buffer[16384];
  auto got = ::recv(from, buffer, std::min(sizeof buffer, left), 0);
  if (got <= 0)
    return false;
  left -= static_cast<std::size_t>(got);
  return send_all(to, buffer, static_cast<std::size_t>(got)) && left > 0;
}

void cutting_proxy::serve(int client, cut plan) {
  int server = unix_socket();
  auto address = address_in(postgres().place().socket);
  bool going = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  while (going && !stopping_) {
    pollfd items[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (::poll(items, 2, 50) <= 0)
      continue;
    if (items[0].revents != 0 && plan.commit_alone) {
      char buffer[65536];
      auto got = ::recv(client, buffer, sizeof buffer, 0);
      auto size = got > 0 ? static_cast<std::size_t>(got) : 0;
      if (ends_a_copy(buffer, size)) {
        ::shutdown(client, SHUT_RDWR);
        std::this_thread::sleep_for(std::chrono::milliseconds{300});
        send_all(server, buffer, size);
        readable(server, 5000);
        going = false;
      } else {
        going = size > 0 && send_all(server, buffer, size);
      }
    } else if (items[0].revents != 0) {
      going = pass(client, server, plan.after_sent);
    }
    if (going && items[1].revents != 0)
      going = pass(server, client, plan.after_received);
  }
  ++cuts_;
  ::close(server);
  ::close(client);
}

} // namespace carillon::test
