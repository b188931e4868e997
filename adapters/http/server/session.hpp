#pragma once

#include "adapters/http/server/head_parser.hpp"
#include "adapters/http/server/read_buffer.hpp"
#include "adapters/http/server/request.hpp"
#include "adapters/http/server/responder.hpp"
#include "adapters/http/server/router.hpp"
#include "adapters/http/server/shard.hpp"
#include "adapters/http/server/upgrade.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace carillon::http {

/// One connection: reads a request, has it answered, writes the answer, in turns (RFC 9112 9.3.2
/// lets only safe requests overlap; what a client sends ahead waits in the socket and in one
/// bounded buffer). Owned by its pending operations; lives on one shard. Never parses bodies and
/// knows no route's meaning.
class session : public answer_sink, public std::enable_shared_from_this<session> {
public:
  using error_code = boost::system::error_code;
  using write_buffers = std::array<boost::asio::const_buffer, 2>;

  session(std::shared_ptr<shard> home, std::string remote_address, bool secure);
  ~session() override;

  /// Begins. @param refuse answers 503 to the first request instead (too many connections).
  void start(bool refuse);

  /// Finishes the request in work, then closes; at once if there is none. On the shard's thread.
  void drain();

  /// Cuts the connection. On the shard's thread.
  void close();

  void answer(std::uint64_t serial, response&& what) override;
  void hand_over(std::uint64_t serial, std::function<void(upgraded_connection&&)> taker) override;

protected:
  // -- what a kind of stream does; each completion goes to the method named
  // -----------------------------------------

  virtual void start_handshake() = 0;                   // on_handshake
  virtual void start_read(char* into, std::size_t) = 0; // on_read
  virtual void start_write(write_buffers what) = 0;     // on_written
  virtual void shut_down_writing() = 0;
  virtual void close_stream() = 0;
  virtual void release_stream()
      = 0; ///< Nothing is pending any more: free the socket on this thread.
  virtual stream_socket give_away() = 0;

  void on_handshake(error_code ec);
  void on_read(error_code ec, std::size_t bytes);
  void on_written(error_code ec);

  shard& home() {
    return *home_;
  }

private:
  enum class phase : std::uint8_t {
    handshake,
    idle,
    head,
    body,
    dropping,
    working,
    writing,
    lingering,
    closed
  };
  using steady = std::chrono::steady_clock;

  // -- reading
  // ----------------------------------------------------------------------------------------------------

  void next_request();
  void read_more(std::size_t at_least);
  void parse_head();
  void parse_failed(error_code ec);
  void on_head();
  void set_request_id();
  bool head_is_sound();
  bool set_target();
  void route_request();
  void receive_body();
  void body_arrived();
  void parse_chunks();
  void set_views();
  void refresh_views();

  // -- answering
  // --------------------------------------------------------------------------------------------------

  void dispatch();
  void complete(std::uint64_t serial, response&& what);
  void refuse(response&& what);
  void send(response&& what);
  void write_head(const response& what);
  void after_answer();
  void linger();
  void give_connection_away(std::function<void(upgraded_connection&&)>& taker);

  // -- time
  // -------------------------------------------------------------------------------------------------------

  void expect_within(std::chrono::milliseconds limit);
  void arm();
  void on_timer(error_code ec);
  void on_deadline();

  void begin_operation() {
    ++pending_;
  }
  void end_operation();
  void leave_flight();

  const server_settings& limits() const {
    return home_->shared.settings;
  }

  std::shared_ptr<shard> home_;
  std::string remote_address_;
  bool secure_;
  bool refuse_all_ = false;
  phase phase_ = phase::handshake;
  bool keep_alive_ = true;
  bool reading_ = false;
  bool continuing_ = false; // the write in progress is a 100 Continue
  bool in_flight_ = false;
  bool registered_ = false;
  unsigned pending_ = 0;

  read_buffer buffer_;
  request_head head_;
  std::optional<head_parser> parser_;
  std::size_t head_size_ = 0;    // bytes of buffer_ the parser has used
  std::size_t request_size_ = 0; // bytes of buffer_ that belong to this request
  std::size_t body_size_ = 0;
  std::size_t dropped_ = 0;

  request request_;
  std::vector<header_view> header_views_;
  const char* viewed_ = nullptr; // where the buffer lay when the views were made
  std::string request_id_;
  const router::entry* route_ = nullptr;
  std::optional<response> refusal_; // decided from the head, sent when the body has been dropped
  std::uint64_t serial_ = 0;
  steady::time_point begun_;

  std::string out_head_;
  std::string out_body_;

  std::optional<boost::asio::steady_timer> timer_;
  steady::time_point deadline_;
  steady::time_point armed_until_;
  bool armed_ = false;
};

/// Makes a session on an accepted socket, with TLS if a context is given.
std::shared_ptr<session> make_session(std::shared_ptr<shard> home,
                                      boost::asio::ip::tcp::socket socket,
                                      boost::asio::ssl::context* tls);

} // namespace carillon::http
