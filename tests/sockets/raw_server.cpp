#include "tests/sockets/raw_server.hpp"

#include <array>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace carillon::test {

raw_connection::~raw_connection() {
  close(socket_);
}

std::string raw_connection::read_some() {
  std::array<char, 4096> bytes;
  const auto n = recv(socket_, bytes.data(), bytes.size(), 0);
  return n > 0 ? std::string{bytes.data(), static_cast<std::size_t>(n)} : std::string{};
}

std::string raw_connection::read_request() {
  for (;;) {
    const auto head = buffer_.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto at = buffer_.find("Content-Length: ");
      const auto length = at < head ? std::strtoul(buffer_.c_str() + at + 16, nullptr, 10) : 0UL;
      if (buffer_.size() >= head + 4 + length) {
        auto out = buffer_.substr(0, head + 4 + length);
        buffer_.erase(0, out.size());
        return out;
      }
    }
    const auto more = read_some();
    if (more.empty())
      return {};
    buffer_ += more;
  }
}

void raw_connection::write(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto n = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0)
      return;
    sent += static_cast<std::size_t>(n);
  }
}

void raw_connection::reset() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

raw_server::raw_server(behaviour b) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  auto* address = reinterpret_cast<sockaddr*>(&where);
  if (bind(listener_, address, size) != 0 || listen(listener_, 128) != 0
      || getsockname(listener_, address, &size) != 0)
    throw std::runtime_error("raw_server cannot listen");
  port_ = ntohs(where.sin_port);
  acceptor_ = std::thread([this, b = std::move(b)] {
    for (;;) {
      const int s = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (s < 0)
        return;
      const timeval bound{10, 0};
      setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
      const int ordinal = ++connections_;
      std::lock_guard lock(mutex_);
      workers_.emplace_back([s, ordinal, b] {
        raw_connection c{s};
        b(c, ordinal);
      });
    }
  });
}

raw_server::~raw_server() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (auto& w : workers_)
    w.join();
}

std::string raw_server::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::string http_answer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

} // namespace carillon::test
