#include "tests/harness/websocket_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <nlohmann/json.hpp>

namespace carillon::harness {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

struct websocket_client::body {
  net::io_context io{1};
  websocket::stream<net::ip::tcp::socket> stream{io};
  beast::flat_buffer buffer;
  std::string protocol;
  bool reading = false;
  bool arrived = false;
  bool ended = false;

  bool run(const bool& flag, milliseconds bound) {
    const deadline by{bound};
    while (!flag && !ended && !by.passed()) {
      io.restart();
      io.run_one_for(milliseconds{std::max(1, by.left())});
    }
    return flag;
  }

  void connect(const endpoint& to, std::string_view token, milliseconds bound) {
    beast::error_code error;
    const net::ip::tcp::endpoint peer{net::ip::make_address_v4(to.host), to.port};
    stream.next_layer().connect(peer, error);
    if (error)
      throw connection_lost("websocket: " + error.message());
    stream.next_layer().set_option(net::ip::tcp::no_delay{true});
    stream.set_option(websocket::stream_base::decorator([token](websocket::request_type& request) {
      request.set("Sec-WebSocket-Protocol", "carillon.v1, bearer." + std::string{token});
    }));
    websocket::response_type answer;
    bool done = false;
    stream.async_handshake(answer, to.host + ":" + std::to_string(to.port), "/v1/stream",
                           [&](beast::error_code e) {
                             error = e;
                             done = true;
                           });
    if (!run(done, bound))
      throw connection_lost("websocket: no answer to the upgrade");
    if (error)
      throw connection_lost("websocket: " + error.message() + ", status "
                            + std::to_string(answer.result_int()));
    const auto chosen = answer["Sec-WebSocket-Protocol"];
    protocol.assign(chosen.data(), chosen.size());
  }

  void start_reading() {
    if (reading || ended)
      return;
    reading = true;
    arrived = false;
    stream.async_read(buffer, [this](beast::error_code e, std::size_t) {
      reading = false;
      (e ? ended : arrived) = true;
    });
  }
};

websocket_client::websocket_client(const endpoint& to, std::string_view token, milliseconds bound)
    : body_(std::make_unique<body>()) {
  body_->connect(to, token, bound);
}

websocket_client::websocket_client(websocket_client&&) noexcept = default;

websocket_client::~websocket_client() {
  if (body_)
    abort();
}

std::string websocket_client::subprotocol() const {
  return body_->protocol;
}

void websocket_client::send(const nlohmann::json& frame) {
  beast::error_code error;
  body_->stream.text(true);
  body_->stream.write(net::buffer(frame.dump()), error);
  if (error)
    throw connection_lost("websocket: " + error.message());
}

std::optional<std::string> websocket_client::next_text(milliseconds bound) {
  body_->start_reading();
  if (!body_->run(body_->arrived, bound))
    return std::nullopt;
  auto text = beast::buffers_to_string(body_->buffer.data());
  body_->buffer.clear();
  body_->arrived = false;
  return text;
}

std::optional<nlohmann::json> websocket_client::next(milliseconds bound) {
  const deadline by{bound};
  while (auto text = next_text(milliseconds{by.left()})) {
    auto frame = nlohmann::json::parse(*text);
    if (frame.value("op", "") != "ping")
      return frame;
    send({{"op", "pong"}});
  }
  return std::nullopt;
}

void websocket_client::abort() {
  beast::error_code ignored;
  auto& socket = body_->stream.next_layer();
  socket.set_option(net::socket_base::linger{true, 0}, ignored);
  socket.close(ignored);
  body_->io.restart();
  body_->io.run_for(milliseconds{100});
}

} // namespace carillon::harness
