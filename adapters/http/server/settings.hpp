#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace carillon::http {

/// What the server needs to know to listen and to defend itself. Plain data; every figure is
/// configuration.
struct server_settings {
  std::string address = "127.0.0.1"; ///< IPv4 or IPv6 address, or `localhost`.
  std::uint16_t port = 8080;         ///< 0 picks a free one; see `server::port()`.
  unsigned threads = 1;              ///< I/O threads; each runs its own event loop.

  std::size_t header_limit = 16 * 1024;     ///< Bytes of request line and headers; above: 431.
  std::size_t body_limit = 1024 * 1024;     ///< Bytes of body; above: 413.
  std::size_t drop_limit = 8 * 1024 * 1024; ///< Bytes of a refused body read before closing.
  std::size_t max_connections = 8192;       ///< Above: 503 with `Retry-After`, and closed.
  std::size_t max_in_flight = 4096; ///< Requests in work (the admission budget); above: 503.

  std::chrono::milliseconds head_deadline{10'000};  ///< First byte to end of headers; then 408.
  std::chrono::milliseconds body_deadline{30'000};  ///< End of headers to end of body; then 408.
  std::chrono::milliseconds write_deadline{30'000}; ///< For one answer; then the connection is cut.
  std::chrono::milliseconds idle_deadline{
      75'000}; ///< Keep-alive without a request; closed silently.
  std::chrono::milliseconds request_deadline{10'000}; ///< For a handler's answer; then 503.

  std::string tls_certificate_file; ///< PEM chain; TLS (1.2 or newer) is on when this is set.
  std::string tls_key_file;         ///< PEM private key.
};

} // namespace carillon::http
