#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <memory>
#include <string>
#include <variant>

namespace carillon::http {

/// A socket as it leaves this server: Boost types only, so that whoever takes it need not know this
/// folder.
using stream_socket
    = std::variant<boost::asio::ip::tcp::socket,
                   std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>>>;

/// A connection given away by a route, with the request that asked for it. The taker writes the
/// whole answer.
struct upgraded_connection {
  stream_socket socket;
  boost::beast::http::request<boost::beast::http::empty_body> request;
  std::string request_id;
};

} // namespace carillon::http
