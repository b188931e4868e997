#include "adapters/realtime/websocket_session.hpp"

#include "adapters/realtime/node_state.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <array>

namespace carillon::realtime {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using error_code = beast::error_code;
using boost::asio::ip::tcp;

/// Frames of clients are short; a longer one is gathered piece by piece. Idle sessions hold no
/// other read memory.
constexpr std::size_t piece_size = 128;
constexpr std::size_t kept_message = 256;

/// Without permessage-deflate: its contexts cost 64 KiB and more a session.
template <class Layer>
using websocket_stream = websocket::stream<Layer, false>;

bool offers_subprotocol(const stream_request& request) {
  return http::token_list{request[http::field::sec_websocket_protocol]}.exists(subprotocol);
}

template <class Layer>
class websocket_session final : public session {
public:
  websocket_session(std::shared_ptr<shard> home, tenant_id tenant, recipient_id recipient,
                    Layer socket, stream_request request, std::string request_id)
      : session(std::move(home), std::move(tenant), std::move(recipient)), ws_(std::move(socket)),
        request_(std::make_unique<stream_request>(std::move(request))),
        request_id_(std::move(request_id)) {
    // nop
  }

  void begin() override {
    ws_.read_message_max(0); // see on_read
    ws_.auto_fragment(false);
    ws_.text(true);
    ws_.control_callback([this](websocket::frame_type, beast::string_view) { alive(); });
    ws_.set_option(websocket::stream_base::decorator(
        [id = request_id_, ours = offers_subprotocol(*request_)](websocket::response_type& res) {
          res.set("X-Request-Id", id);
          if (ours)
            res.set(http::field::sec_websocket_protocol, subprotocol);
        }));
    ws_.async_accept(*request_,
                     [this, self = shared_from_this()](error_code ec) { on_accepted(ec); });
  }

private:
  void on_accepted(error_code ec) {
    request_.reset();
    request_id_ = {};
    ws_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
    if (ec || now_in() == phase::gone)
      return cut();
    accepted_ = true;
    read();
  }

  // -- in -------------------------------------------------------------------------

  void read() {
    ws_.async_read_some(
        boost::asio::buffer(piece_),
        [this, self = shared_from_this()](error_code ec, std::size_t n) { on_read(ec, n); });
  }

  void on_read(error_code ec, std::size_t n) {
    if (ec)
      return on_read_error();
    message_.append(piece_.data(), n);
    // Not Beast's own limit: its refusal leaves the rest unread, which takes the close frame away
    // from the client (a reset). Our close reads on.
    if (message_.size() > node().settings.frame_limit) {
      message_ = {};
      return finish(close_reason::too_large, "frame too large");
    }
    if (!ws_.is_message_done())
      return read();
    alive();
    if (now_in() != phase::closing)
      on_message();
    message_.clear();
    if (message_.capacity() > kept_message)
      message_.shrink_to_fit();
    if (commands_ < node().settings.commands_in_flight)
      read();
    else
      paused_ = true;
  }

  /// The peer closed, the line broke, or our own close is done with reading (then `start_close`
  /// cuts).
  void on_read_error() {
    if (now_in() != phase::closing || !closing_)
      cut();
  }

  void on_message() {
    if (ws_.got_binary())
      return refuse({"Frames are text.", {}});
    auto op = read_op(message_);
    if (auto* bad = std::get_if<bad_op>(&op))
      return refuse(*bad);
    if (auto* start = std::get_if<begin_op>(&op)) {
      if (now_in() != phase::silent)
        return refuse({"The stream has begun already.", start->fresh ? "start" : "resume"});
      return open(*start);
    }
    if (now_in() == phase::silent)
      return refuse({"The first frame is start or resume.", {}});
    if (auto* command = std::get_if<command_op>(&op)) {
      ++commands_;
      send_command(std::move(command->what));
    }
  }

  void refuse(const bad_op& what) {
    say(word_error(what.detail, what.ref));
    if (++bad_frames_ >= node().settings.bad_frames)
      finish_after_flush(close_reason::policy, "too many bad frames");
  }

  void on_command_done(const command_done& what) override {
    --commands_;
    if (!what.failure.empty())
      say(word_error(what.failure, what.ref));
    if (paused_) {
      paused_ = false;
      read();
    }
  }

  void alive() {
    awaits_pong_ = false;
    heard();
  }

  void on_silence() override {
    if (awaits_pong_)
      return finish(close_reason::policy, "no pong");
    awaits_pong_ = true;
    due_in(node().settings.pong_within);
    say(std::string{ping_frame});
  }

  // -- out ------------------------------------------------------------------------

  void start_write(const outgoing& frame) override {
    out_ = frame.text;
    ws_.async_write(boost::asio::buffer(*out_),
                    [this, self = shared_from_this()](error_code ec, std::size_t) {
                      out_.reset();
                      written(!ec);
                    });
  }

  void start_close(close_reason why, std::string_view detail) override {
    if (!accepted_)
      return cut();
    closing_ = true;
    websocket::close_reason reason{static_cast<websocket::close_code>(why),
                                   beast::string_view{detail}};
    ws_.async_close(reason, [this, self = shared_from_this()](error_code) { cut(); });
  }

  void close_socket() override {
    error_code ignored;
    beast::get_lowest_layer(ws_).close(ignored);
  }

  websocket_stream<Layer> ws_;
  std::array<char, piece_size> piece_;
  std::string message_;
  std::shared_ptr<const std::string> out_;
  std::unique_ptr<stream_request> request_; // until accepted
  std::string request_id_;
  std::uint32_t bad_frames_ = 0;
  std::uint32_t commands_ = 0; // sent to the engine and not answered
  bool accepted_ = false;
  bool closing_ = false;
  bool paused_ = false; // not reading until commands are answered
  bool awaits_pong_ = false;
};

} // namespace

std::shared_ptr<session> make_websocket_session(std::shared_ptr<shard> home, tenant_id tenant,
                                                recipient_id recipient, stream_socket socket,
                                                stream_request request, std::string request_id) {
  if (auto* plain = std::get_if<tcp::socket>(&socket))
    return std::make_shared<websocket_session<tcp::socket>>(
        std::move(home), std::move(tenant), std::move(recipient), std::move(*plain),
        std::move(request), std::move(request_id));
  return std::make_shared<websocket_session<tls_socket>>(
      std::move(home), std::move(tenant), std::move(recipient),
      std::move(*std::get<std::unique_ptr<tls_socket>>(socket)), std::move(request),
      std::move(request_id));
}

} // namespace carillon::realtime
