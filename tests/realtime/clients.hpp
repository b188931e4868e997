#pragma once

#include "messages/ids.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::test {

/// A WebSocket client that waits for everything, but never for more than ten seconds. Every frame
/// it gets is checked against the AsyncAPI document.
class ws_client {
public:
  struct options {
    std::string recipient = "p-1";
    std::string subprotocols = "carillon.v1, bearer.token";
    int receive_buffer = 0; ///< bytes, for a slow client; 0: the system's
    bool tls = false;
  };

  explicit ws_client(std::uint16_t port) : ws_client(port, options{}) {}
  ws_client(std::uint16_t port, options how);
  ~ws_client();

  /// The header of the answer to the upgrade.
  [[nodiscard]] std::string answer_header(const std::string& name) const;
  [[nodiscard]] unsigned answer_status() const {
    return answer_.result_int();
  }

  void send(const std::string& text);
  void send_binary(const std::string& bytes);

  void start() {
    send(R"({"op":"start"})");
  }
  void resume(std::uint64_t offset) {
    send(nlohmann::json{{"op", "resume"}, {"offset", offset}}.dump());
  }
  void command(const std::string& op, const notification_id& id) {
    send(nlohmann::json{{"op", op}, {"id", to_string(id)}}.dump());
  }

  /// The next frame; fails the test if there is none.
  nlohmann::json next();
  /// The next frame, which must have that op.
  nlohmann::json next(const std::string& op);
  /// The next frame, or nothing when the connection ended; then `close_code` is set (0: no close
  /// frame came).
  std::optional<nlohmann::json> read();
  [[nodiscard]] unsigned close_code() const {
    return close_code_;
  }
  /// Reads on until the connection ends. @returns the close code.
  unsigned wait_for_close();

  /// Cuts the line without a word.
  void cut();

private:
  struct connection;
  void wait(const bool& done);

  boost::asio::io_context io_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_client};
  std::unique_ptr<connection> line_;
  boost::beast::websocket::response_type answer_;
  unsigned close_code_ = 0;
};

/// An event of a text/event-stream.
struct sse_event {
  std::string id;
  std::string event;
  std::string data;
};

/// A client that speaks HTTP by hand: for event streams and refusals.
class raw_client {
public:
  /// Connects and sends the request head; `headers` end with \r\n each.
  raw_client(std::uint16_t port, const std::string& target, const std::string& headers);

  /// Reads up to and with the marker; fails the test if it does not come within ten seconds.
  std::string read_until(const std::string& marker);
  /// The next event; comments and `retry` are skipped.
  sse_event next();
  /// @returns whether the server ended the stream.
  bool ended();

private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  std::string buffer_;
};

/// Fails the test unless the frame is one that the AsyncAPI document describes for the server.
void check_frame(const nlohmann::json& frame);

} // namespace carillon::test
