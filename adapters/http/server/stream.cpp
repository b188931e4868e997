// The two kinds of connection: plain TCP and TLS.

#include "adapters/http/server/session.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>

namespace carillon::http {

namespace {

using boost::asio::ip::tcp;
using tls_stream = boost::asio::ssl::stream<tcp::socket>;

class plain_session final : public session {
public:
  plain_session(std::shared_ptr<shard> home, tcp::socket socket, std::string remote)
      : session(std::move(home), std::move(remote), false), socket_(std::move(socket)) {
    // nop
  }

private:
  void start_handshake() override {
    boost::asio::post(home().loop, [this, self = shared_from_this()] { on_handshake({}); });
  }

  void start_read(char* into, std::size_t room) override {
    socket_->async_read_some(
        boost::asio::buffer(into, room),
        [this, self = shared_from_this()](error_code ec, std::size_t n) { on_read(ec, n); });
  }

  void start_write(write_buffers what) override {
    boost::asio::async_write(
        *socket_, what,
        [this, self = shared_from_this()](error_code ec, std::size_t) { on_written(ec); });
  }

  void shut_down_writing() override {
    error_code ignored;
    socket_->shutdown(tcp::socket::shutdown_send, ignored);
  }

  void close_stream() override {
    error_code ignored;
    if (socket_)
      socket_->close(ignored);
  }

  void release_stream() override {
    socket_.reset();
  }

  stream_socket give_away() override {
    stream_socket given{std::move(*socket_)};
    socket_.reset();
    return given;
  }

  std::optional<tcp::socket> socket_;
};

class tls_session final : public session {
public:
  tls_session(std::shared_ptr<shard> home, tcp::socket socket, std::string remote,
              boost::asio::ssl::context& context)
      : session(std::move(home), std::move(remote), true),
        stream_(std::make_unique<tls_stream>(std::move(socket), context)) {
    // nop
  }

private:
  void start_handshake() override {
    stream_->async_handshake(
        tls_stream::server, [this, self = shared_from_this()](error_code ec) { on_handshake(ec); });
  }

  void start_read(char* into, std::size_t room) override {
    stream_->async_read_some(
        boost::asio::buffer(into, room),
        [this, self = shared_from_this()](error_code ec, std::size_t n) { on_read(ec, n); });
  }

  void start_write(write_buffers what) override {
    boost::asio::async_write(
        *stream_, what,
        [this, self = shared_from_this()](error_code ec, std::size_t) { on_written(ec); });
  }

  /// The end of the stream is told by TCP: every answer has a length, so a truncation cannot be
  /// mistaken for an end, and a close_notify exchange would compete with the lingering read for the
  /// same engine.
  void shut_down_writing() override {
    error_code ignored;
    stream_->lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
  }

  void close_stream() override {
    error_code ignored;
    if (stream_)
      stream_->lowest_layer().close(ignored);
  }

  void release_stream() override {
    stream_.reset();
  }

  stream_socket give_away() override {
    return std::move(stream_);
  }

  std::unique_ptr<tls_stream> stream_;
};

std::string address_of(const tcp::socket& socket) {
  boost::system::error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  return ec ? std::string{} : peer.address().to_string();
}

} // namespace

std::shared_ptr<session> make_session(std::shared_ptr<shard> home, tcp::socket socket,
                                      boost::asio::ssl::context* tls) {
  auto remote = address_of(socket);
  if (tls)
    return std::make_shared<tls_session>(std::move(home), std::move(socket), std::move(remote),
                                         *tls);
  return std::make_shared<plain_session>(std::move(home), std::move(socket), std::move(remote));
}

} // namespace carillon::http
