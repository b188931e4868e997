#include "adapters/realtime/sse_session.hpp"

#include "adapters/realtime/node_state.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/field.hpp>
#include <fmt/format.h>

#include <array>

namespace carillon::realtime {

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using error_code = boost::system::error_code;

std::string head_of(std::string_view request_id, std::chrono::milliseconds retry) {
  return fmt::format("HTTP/1.1 200 OK\r\n"
                     "Content-Type: text/event-stream\r\n"
                     "Cache-Control: no-store\r\n"
                     "X-Accel-Buffering: no\r\n"
                     "X-Request-Id: {}\r\n"
                     "Connection: close\r\n\r\n"
                     "retry: {}\n\n",
                     request_id, retry.count());
}

template <class Layer>
class sse_session final : public session {
public:
  sse_session(std::shared_ptr<shard> home, tenant_id tenant, recipient_id recipient, Layer socket,
              begin_op how, std::string request_id)
      : session(std::move(home), std::move(tenant), std::move(recipient)),
        socket_(std::move(socket)), how_(how),
        prefix_(head_of(request_id, node().settings.sse_retry)) {
    // nop
  }

  void begin() override {
    boost::asio::async_write(
        socket_, boost::asio::buffer(prefix_),
        [this, self = shared_from_this()](error_code ec, std::size_t) { on_begun(ec); });
    read();
  }

private:
  void on_begun(error_code ec) {
    if (ec || now_in() != phase::silent)
      return cut();
    open(how_);
  }

  /// The client has nothing to say; reading tells when it goes.
  void read() {
    socket_.async_read_some(boost::asio::buffer(ignored_),
                            [this, self = shared_from_this()](error_code ec, std::size_t) {
                              if (ec)
                                return cut();
                              read();
                            });
  }

  void start_write(const outgoing& frame) override {
    out_ = frame.text;
    auto op = op_of(*out_);
    std::array<boost::asio::const_buffer, 3> parts;
    if (op.empty()) { // a comment
      parts = {boost::asio::buffer(*out_), {}, {}};
    } else {
      // The newest offset of an inbox that holds nothing is 0, and says so in `hello`.
      auto offset = frame.offset != 0 || op == "hello" ? std::optional{frame.offset} : std::nullopt;
      prefix_ = sse_prefix(offset, op);
      parts = {boost::asio::buffer(prefix_), boost::asio::buffer(*out_),
               boost::asio::buffer(sse_end)};
    }
    boost::asio::async_write(socket_, parts,
                             [this, self = shared_from_this()](error_code ec, std::size_t) {
                               out_.reset();
                               stuck_ = false;
                               written(!ec);
                             });
  }

  void on_silence() override {
    due_in(node().settings.ping_every);
    if (out_ && stuck_) // the same frame as a silence ago: the client does not read
      return finish(close_reason::try_again, {});
    stuck_ = out_ != nullptr;
    if (stuck_)
      return;
    say(std::string{sse_heartbeat});
  }

  /// The end of the stream is all that can be said. What was written still arrives.
  void start_close(close_reason, std::string_view) override {
    cut();
  }

  void on_command_done(const command_done&) override {
    // nop: there are no commands on this way
  }

  void close_socket() override {
    error_code ignored;
    auto& lowest = socket_.lowest_layer();
    lowest.shutdown(tcp::socket::shutdown_send, ignored);
    lowest.close(ignored);
  }

  Layer socket_;
  begin_op how_;
  std::string prefix_;
  std::shared_ptr<const std::string> out_;
  std::array<char, 16> ignored_;
  bool stuck_ = false; // a frame was still going out at the last silence
};

begin_op begin_of(const stream_request& request) {
  auto offset = parse_offset(request["Last-Event-ID"]);
  return offset ? begin_op{false, *offset} : begin_op{};
}

} // namespace

std::shared_ptr<session> make_sse_session(std::shared_ptr<shard> home, tenant_id tenant,
                                          recipient_id recipient, stream_socket socket,
                                          const stream_request& request, std::string request_id) {
  if (auto* plain = std::get_if<tcp::socket>(&socket))
    return std::make_shared<sse_session<tcp::socket>>(std::move(home), std::move(tenant),
                                                      std::move(recipient), std::move(*plain),
                                                      begin_of(request), std::move(request_id));
  return std::make_shared<sse_session<tls_socket>>(
      std::move(home), std::move(tenant), std::move(recipient),
      std::move(*std::get<std::unique_ptr<tls_socket>>(socket)), begin_of(request),
      std::move(request_id));
}

} // namespace carillon::realtime
