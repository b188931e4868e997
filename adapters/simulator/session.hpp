#pragma once

#include "adapters/simulator/protocol.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::simulator {

/// One connection. Answers requests strictly in order, also pipelined ones; those that are there
/// together are answered by one write. Runs on its socket's thread only; owns itself while an
/// operation is pending.
class session : public std::enable_shared_from_this<session> {
public:
  session(boost::asio::ip::tcp::socket socket, std::shared_ptr<state> shared);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();

private:
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void read();
  void process();
  bool parse_one();
  void serve();
  void answer(reply&& r, bool keep_alive);
  void append(const reply& r, bool keep_alive);
  void flush();
  void flushed(boost::beast::error_code ec);
  void wait_for_peer();
  void close(bool reset);

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<state> shared_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer in_;
  std::optional<parser> parser_;
  std::string out_;                     // answers gathered for the next write
  std::vector<std::uint64_t> answered_; // messages whose answers are in out_
  std::string sending_;                 // being written
  std::vector<std::uint64_t> sent_;
  bool writing_ = false;
  bool waiting_ = false; // for a delay: later requests stay in in_
  bool closing_ = false; // nothing more is served on this connection
  bool hanging_ = false; // and it stays open until the peer closes it
};

} // namespace carillon::simulator
