#include "tests/http/raw_client.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::test {

namespace {

raw_response parse_head(std::string_view head) {
  raw_response result;
  if (head.size() > 12)
    result.status = std::atoi(std::string{head.substr(9, 3)}.c_str());
  auto rest = head.substr(std::min(head.size(), head.find("\r\n") + 2));
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      continue;
    std::string name{line.substr(0, colon)};
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    auto value = line.substr(colon + 1);
    while (value.starts_with(' '))
      value.remove_prefix(1);
    result.headers.emplace(std::move(name), value);
  }
  return result;
}

} // namespace

raw_client::raw_client(std::uint16_t port, std::chrono::milliseconds patience)
    : patience_(patience) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    fd_ = -1;
    return;
  }
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

raw_client::~raw_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

bool raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(patience_.count())) <= 0)
      return false;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool raw_client::fill() {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(patience_.count())) <= 0)
    return false;
  char chunk[16 * 1024];
  const auto got = ::recv(fd_, chunk, sizeof chunk, 0);
  if (got <= 0)
    return false;
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::optional<raw_response> raw_client::receive(bool bodiless) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill())
      return std::nullopt;
  auto result = parse_head(std::string_view{buffer_}.substr(0, end));
  buffer_.erase(0, end + 4);
  const auto length
      = bodiless ? 0 : std::strtoul(result.header("content-length").c_str(), nullptr, 10);
  while (buffer_.size() < length)
    if (!fill())
      return std::nullopt;
  result.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return result;
}

std::optional<raw_response> raw_client::ask(std::string_view bytes) {
  if (!send(bytes))
    return std::nullopt;
  return receive();
}

bool raw_client::closed_by_peer() {
  if (!buffer_.empty())
    return false;
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(patience_.count())) <= 0)
    return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK) <= 0;
}

std::string raw_client::read_rest() {
  while (fill()) {
    // nop
  }
  return std::exchange(buffer_, {});
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view headers) {
  std::string result;
  result.append(method)
      .append(" ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: carillon.test\r\n")
      .append(headers);
  if (!body.empty())
    result.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return result.append("\r\n").append(body);
}

} // namespace carillon::test
