#pragma once

#include "tests/harness/http_client.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::harness {

/// A live session as a browser has it: the token is offered in the subprotocol list.
class websocket_client {
public:
  /// Upgrades `GET /v1/stream`. Throws `connection_lost`, with the HTTP status in its text when the
  /// upgrade is declined.
  websocket_client(const endpoint& to, std::string_view token,
                   milliseconds bound = milliseconds{10'000});
  ~websocket_client();
  websocket_client(websocket_client&&) noexcept;

  /// The subprotocol that the server chose.
  std::string subprotocol() const;

  void send(const nlohmann::json& frame);

  /// The next text frame that is not a ping (pings are answered); nothing after `bound` or at the
  /// end of the connection.
  std::optional<nlohmann::json> next(milliseconds bound = milliseconds{10'000});

  /// The next text frame as it came, ping or not.
  std::optional<std::string> next_text(milliseconds bound);

  /// Breaks the connection without a closing handshake.
  void abort();

private:
  struct body;
  std::unique_ptr<body> body_;
};

} // namespace carillon::harness
