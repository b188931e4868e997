#include "tests/realtime/clients.hpp"

#include "adapters/realtime/asyncapi.hpp"
#include "tests/support/json_schema.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <catch2/catch.hpp>

namespace carillon::test {

namespace {

using boost::asio::ip::tcp;
using error_code = boost::system::error_code;
using nlohmann::json;
namespace websocket = boost::beast::websocket;
using tls_stream = boost::asio::ssl::stream<tcp::socket>;

constexpr std::chrono::seconds patience{10};

tcp::endpoint server_at(std::uint16_t port) {
  return {boost::asio::ip::address_v4::loopback(), port};
}

} // namespace

/// Plain or TLS, called through one face.
struct ws_client::connection {
  std::unique_ptr<websocket::stream<tcp::socket, false>> plain;
  std::unique_ptr<websocket::stream<tls_stream, false>> tls;
  boost::beast::flat_buffer buffer;

  template <class F>
  decltype(auto) with(F f) {
    return plain ? f(*plain) : f(*tls);
  }
};

ws_client::ws_client(std::uint16_t port, options how) : line_(std::make_unique<connection>()) {
  tcp::socket socket{io_, tcp::v4()};
  if (how.receive_buffer > 0)
    socket.set_option(boost::asio::socket_base::receive_buffer_size{how.receive_buffer});
  socket.connect(server_at(port));
  if (how.tls) {
    line_->tls = std::make_unique<websocket::stream<tls_stream, false>>(std::move(socket), tls_);
    line_->tls->next_layer().handshake(tls_stream::client);
  } else {
    line_->plain = std::make_unique<websocket::stream<tcp::socket, false>>(std::move(socket));
  }
  bool done = false;
  line_->with([&](auto& ws) {
    ws.set_option(websocket::stream_base::decorator([=](websocket::request_type& request) {
      if (!how.subprotocols.empty())
        request.set(boost::beast::http::field::sec_websocket_protocol, how.subprotocols);
    }));
    ws.async_handshake(answer_, "127.0.0.1", "/" + how.recipient, [&](error_code) { done = true; });
  });
  wait(done);
}

ws_client::~ws_client() = default;

void ws_client::wait(const bool& done) {
  io_.restart();
  auto end = std::chrono::steady_clock::now() + patience;
  while (!done && std::chrono::steady_clock::now() < end)
    io_.run_one_for(patience);
  REQUIRE(done);
}

std::string ws_client::answer_header(const std::string& name) const {
  return std::string{answer_[name]};
}

void ws_client::send(const std::string& text) {
  error_code ignored; // a closed line shows when reading
  line_->with([&](auto& ws) {
    ws.text(true);
    ws.write(boost::asio::buffer(text), ignored);
  });
}

void ws_client::send_binary(const std::string& bytes) {
  line_->with([&](auto& ws) {
    ws.binary(true);
    ws.write(boost::asio::buffer(bytes));
  });
}

std::optional<json> ws_client::read() {
  bool done = false;
  error_code result;
  line_->with([&](auto& ws) {
    ws.async_read(line_->buffer, [&](error_code ec, std::size_t) {
      result = ec;
      done = true;
    });
  });
  wait(done);
  if (result) {
    if (result == websocket::error::closed)
      close_code_ = line_->with([](auto& ws) { return unsigned{ws.reason().code}; });
    return std::nullopt;
  }
  auto data = line_->buffer.cdata();
  auto frame = json::parse(static_cast<const char*>(data.data()),
                           static_cast<const char*>(data.data()) + data.size());
  line_->buffer.consume(data.size());
  check_frame(frame);
  return frame;
}

json ws_client::next() {
  auto frame = read();
  REQUIRE(frame);
  return *frame;
}

json ws_client::next(const std::string& op) {
  auto frame = next();
  CAPTURE(frame.dump());
  REQUIRE(frame["op"] == op);
  return frame;
}

unsigned ws_client::wait_for_close() {
  while (read()) {
  }
  return close_code_;
}

void ws_client::cut() {
  line_->with([](auto& ws) {
    error_code ignored;
    boost::beast::get_lowest_layer(ws).close(ignored);
  });
}

// -- raw --------------------------------------------------------------------------

raw_client::raw_client(std::uint16_t port, const std::string& target, const std::string& headers) {
  socket_.connect(server_at(port));
  boost::asio::write(socket_, boost::asio::buffer("GET " + target + " HTTP/1.1\r\nHost: x\r\n"
                                                  + headers + "\r\n"));
}

std::string raw_client::read_until(const std::string& marker) {
  bool done = false;
  error_code result;
  std::size_t size = 0;
  boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(buffer_), marker,
                                [&](error_code ec, std::size_t n) {
                                  result = ec;
                                  size = n;
                                  done = true;
                                });
  io_.restart();
  io_.run_for(patience);
  REQUIRE(done);
  REQUIRE_FALSE(result);
  auto text = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return text;
}

sse_event raw_client::next() {
  for (;;) {
    sse_event found;
    std::istringstream lines{read_until("\n\n")};
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("id: "))
        found.id = line.substr(4);
      else if (line.starts_with("event: "))
        found.event = line.substr(7);
      else if (line.starts_with("data: "))
        found.data = line.substr(6);
    }
    if (found.event.empty())
      continue;
    check_frame(json::parse(found.data));
    return found;
  }
}

bool raw_client::ended() {
  error_code result;
  bool done = false;
  std::array<char, 1024> rest;
  while (!result) {
    done = false;
    socket_.async_read_some(boost::asio::buffer(rest), [&](error_code ec, std::size_t) {
      result = ec;
      done = true;
    });
    io_.restart();
    io_.run_for(patience);
    if (!done)
      return false;
  }
  return true;
}

void check_frame(const json& frame) {
  static const auto document = json::parse(realtime::asyncapi_document());
  auto op = frame.at("op").get<std::string>();
  CAPTURE(frame.dump());
  bool sent = false;
  for (const auto& message : document["operations"]["send_to_client"]["messages"])
    sent = sent || message["$ref"].get<std::string>().ends_with("/" + op);
  REQUIRE(sent);
  auto wrong = schema_error(document, document["components"]["schemas"][op], frame);
  REQUIRE(wrong == "");
}

} // namespace carillon::test
