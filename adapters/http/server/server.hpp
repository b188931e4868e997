#pragma once

#include "adapters/http/server/router.hpp"
#include "adapters/http/server/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace carillon::http {

/// The HTTP server: listens, gives each connection a session, drains. Owned by the composition
/// root; every public call comes from one thread that is not one of the server's own. Never knows
/// what a route means.
class server {
public:
  /// @param routes the finished table; it cannot change afterwards.
  server(server_settings settings, router routes);
  ~server(); ///< Stops at once if still running.

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Binds and begins to accept.
  /// @returns what went wrong in one line (port in use, bad address, unreadable certificate), or
  /// nothing.
  std::optional<std::string> start();

  /// @returns the port really bound; useful with port 0.
  std::uint16_t port() const;

  /// @returns `host:port` as a client would write it.
  std::string endpoint() const;

  /// Stops accepting, lets requests in work finish, closes. Connections still open after `limit`
  /// are cut.
  /// @returns true if nothing had to be cut.
  bool stop(std::chrono::milliseconds limit);

  std::size_t connections() const;
  std::size_t in_flight() const;

  /// @returns the server's own metrics as Prometheus text (`carillon_http_...`).
  std::string metrics() const;

private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace carillon::http
