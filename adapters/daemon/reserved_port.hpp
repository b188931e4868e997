#pragma once

#include "adapters/daemon/exit_code.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace carillon::daemon {

/// A port that is ours before the database is started: a port in use is known at once, and port 0
/// becomes a number that callback URLs can name. Held until the server listens on it.
class reserved_port {
public:
  /// Binds. Errors: bad_configuration, in one line.
  static std::variant<reserved_port, start_failure> take(const listen_address& wanted);

  reserved_port(reserved_port&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), port_(other.port_) {}
  reserved_port& operator=(reserved_port&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(port_, other.port_);
    return *this;
  }
  ~reserved_port();

  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }

private:
  reserved_port(int socket, std::uint16_t port) : socket_(socket), port_(port) {}
  int socket_;
  std::uint16_t port_;
};

/// `host:port` as in a URL.
std::string endpoint_of(const std::string& host, std::uint16_t port);

} // namespace carillon::daemon
