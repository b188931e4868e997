#include "adapters/daemon/reserved_port.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::daemon {
namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

start_failure refusal(const listen_address& wanted, const std::string& why) {
  return {bad_configuration, fmt::format("cannot listen on {}: {} (http.listen)",
                                         endpoint_of(wanted.host, wanted.port), why)};
}

std::uint16_t bound_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  auto port = address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                            : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
  return ntohs(port);
}

/// Binding alone succeeds beside another bound socket; only listening finds who listens already.
bool is_listened_on(const sockaddr* address, socklen_t size, int family) {
  int probe = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool taken = ::bind(probe, address, size) != 0 || ::listen(probe, 1) != 0;
  taken = taken && errno == EADDRINUSE;
  ::close(probe);
  return taken;
}

} // namespace

std::variant<reserved_port, start_failure> reserved_port::take(const listen_address& wanted) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (int code
      = ::getaddrinfo(wanted.host.c_str(), std::to_string(wanted.port).c_str(), &hints, &found);
      code != 0)
    return refusal(wanted, ::gai_strerror(code));
  address_list addresses{found, freeaddrinfo};
  if (wanted.port != 0 && is_listened_on(found->ai_addr, found->ai_addrlen, found->ai_family))
    return refusal(wanted, "another program listens there");
  int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket, found->ai_addr, found->ai_addrlen) != 0) {
    std::string why = std::strerror(errno);
    ::close(socket);
    return refusal(wanted, why);
  }
  return reserved_port{socket, bound_port(socket)};
}

reserved_port::~reserved_port() {
  if (socket_ >= 0)
    ::close(socket_);
}

std::string endpoint_of(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

} // namespace carillon::daemon
