#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <memory>
#include <string>
#include <variant>

namespace carillon::realtime {

using tls_socket = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// A connection as the HTTP server gives it away: plain, or TLS with its handshake done.
using stream_socket = std::variant<boost::asio::ip::tcp::socket, std::unique_ptr<tls_socket>>;

/// The request that asked for the stream, with everything but a body.
using stream_request = boost::beast::http::request<boost::beast::http::empty_body>;

} // namespace carillon::realtime
