#include "adapters/simulator/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <utility>

namespace carillon::simulator {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;

namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t max_output = 256 * 1024;
constexpr std::uint64_t max_body = 1024 * 1024;

reply route(state& shared, const http::request<http::string_body>& message) {
  const std::string_view target = message.target();
  const auto mark = target.find('?');
  const auto method = message.method_string();
  request r;
  r.method = method;
  r.path = target.substr(0, mark);
  r.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  r.authorization = message[http::field::authorization];
  r.body = message.body();
  if (r.path.starts_with("/2010-04-01/"))
    return serve_twilio(shared, r);
  if (r.path.starts_with("/_sim/"))
    return serve_control(shared, r);
  reply out;
  out.status = r.path == "/livez" ? 200 : 404;
  out.body = r.path == "/livez" ? "ok\n" : "not found\n";
  out.content_type = "text/plain";
  return out;
}

} // namespace

session::session(net::ip::tcp::socket socket, std::shared_ptr<state> shared)
    : socket_(std::move(socket)), shared_(std::move(shared)), timer_(socket_.get_executor()) {
  ++shared_->connections;
  ++shared_->connections_opened;
}

session::~session() {
  --shared_->connections;
}

void session::start() {
  error_code ignored;
  socket_.set_option(net::ip::tcp::no_delay{true}, ignored);
  read();
}

void session::read() {
  socket_.async_read_some(in_.prepare(read_size),
                          [self = shared_from_this()](error_code ec, std::size_t n) {
                            if (ec)
                              return self->close(false);
                            self->in_.commit(n);
                            self->process();
                          });
}

void session::process() {
  if (writing_)
    return; // no more is taken in than goes out
  while (!waiting_ && !closing_ && out_.size() < max_output && parse_one())
    serve();
  if (!out_.empty())
    flush();
  else if (!waiting_ && !closing_)
    read();
}

// True if a whole request is in the parser.
bool session::parse_one() {
  if (!parser_) {
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(max_body);
    parser_->header_limit(16 * 1024);
  }
  while (in_.size() > 0 && !parser_->is_done()) {
    error_code ec;
    const auto n = parser_->put(in_.data(), ec);
    in_.consume(n);
    if (ec == http::error::need_more)
      return false;
    if (ec) {
      reply bad;
      bad.status = ec == http::error::body_limit ? 413 : 400;
      bad.end = ending::close;
      append(bad, false);
      closing_ = true;
      return false;
    }
    if (n == 0)
      break;
  }
  return parser_->is_done();
}

void session::serve() {
  ++shared_->requests;
  const auto message = parser_->release();
  parser_.reset();
  const bool keep_alive = message.keep_alive();
  auto r = route(*shared_, message);
  if (r.delay.count() == 0)
    return answer(std::move(r), keep_alive);
  waiting_ = true;
  timer_.expires_after(r.delay);
  timer_.async_wait(
      [self = shared_from_this(), keep_alive, r = std::move(r)](error_code ec) mutable {
        if (ec)
          return;
        self->waiting_ = false;
        self->answer(std::move(r), keep_alive);
        self->process();
      });
}

void session::answer(reply&& r, bool keep_alive) {
  switch (r.end) {
  case ending::hang:
    closing_ = hanging_ = true;
    return wait_for_peer();
  case ending::silent:
  case ending::reset:
    closing_ = true;
    return close(r.end == ending::reset);
  case ending::truncate:
  case ending::close:
    keep_alive = false;
    [[fallthrough]];
  case ending::keep:
    append(r, keep_alive);
    if (r.message != 0)
      answered_.push_back(r.message);
    closing_ = !keep_alive;
  }
}

void session::append(const reply& r, bool keep_alive) {
  out_ += "HTTP/1.1 " + std::to_string(r.status) + " ";
  out_ += http::obsolete_reason(static_cast<http::status>(r.status));
  out_ += "\r\nContent-Type: ";
  out_ += r.content_type;
  out_ += "\r\nContent-Length: " + std::to_string(r.body.size()) + "\r\n";
  if (!keep_alive)
    out_ += "Connection: close\r\n";
  out_ += r.extra_header;
  out_ += "\r\n";
  out_.append(r.body, 0, r.end == ending::truncate ? r.body.size() / 2 : r.body.size());
}

void session::flush() {
  writing_ = true;
  sending_.swap(out_);
  sent_.swap(answered_);
  net::async_write(socket_, net::buffer(sending_),
                   [self = shared_from_this()](error_code ec, std::size_t) { self->flushed(ec); });
}

void session::flushed(error_code ec) {
  writing_ = false;
  for (const auto number : sent_)
    shared_->log.mark_written(number, !ec);
  sent_.clear();
  sending_.clear();
  if (ec || (closing_ && !hanging_ && out_.empty()))
    return close(false);
  process();
}

// Keeps a hung connection until the other side gives up.
void session::wait_for_peer() {
  in_.clear();
  socket_.async_read_some(in_.prepare(1024),
                          [self = shared_from_this()](error_code ec, std::size_t) {
                            if (ec)
                              return self->close(false);
                            self->wait_for_peer();
                          });
}

void session::close(bool reset) {
  error_code ignored;
  if (reset)
    socket_.set_option(net::socket_base::linger{true, 0}, ignored);
  else
    socket_.shutdown(net::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  timer_.cancel();
}

} // namespace carillon::simulator
