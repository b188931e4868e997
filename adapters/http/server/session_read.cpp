// The half of a session that takes requests in.

#include "adapters/http/server/session.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace carillon::http {

namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t read_size = 4096;
constexpr std::size_t idle_buffer = 16 * 1024;
constexpr std::size_t most_chunk_framing = 64 * 1024;

bool token_of_request(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
           || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=';
  });
}

/// W3C Trace Context 3.2.2: version, 16 bytes of trace, 8 bytes of parent, flags, in lower-case
/// hexadecimal.
bool well_formed_traceparent(std::string_view text) {
  if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-'
      || text.starts_with("ff"))
    return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 2 && i != 35 && i != 52 && !(text[i] >= '0' && text[i] <= '9')
        && !(text[i] >= 'a' && text[i] <= 'f'))
      return false;
  return text.substr(3, 32).find_first_not_of('0') != std::string_view::npos
         && text.substr(36, 16).find_first_not_of('0') != std::string_view::npos;
}

problem problem_of(const boost::system::error_code& ec) {
  if (ec == beast_http::error::header_limit || ec == beast_http::error::buffer_overflow)
    return {431,
            "headers-too-large",
            "the request line and headers are larger than this server reads",
            {},
            0};
  if (ec == beast_http::error::body_limit)
    return {413, "body-too-large", "the body is larger than this server reads", {}, 0};
  if (ec == beast_http::error::bad_version)
    return {505, "http-version", "only HTTP/1.0 and HTTP/1.1 are spoken here", {}, 0};
  return bad_request("malformed request: " + ec.message());
}

} // namespace

void session::on_handshake(error_code ec) {
  if (ec)
    close();
  else
    next_request();
  end_operation();
}

void session::next_request() {
  buffer_.consume(request_size_);
  request_size_ = head_size_ = body_size_ = dropped_ = 0;
  continuing_ = false;
  route_ = nullptr;
  refusal_.reset();
  request_.target = request_.path = request_.query = request_.body = {};
  head_.clear();
  parser_.emplace(head_, limits().header_limit, limits().body_limit);
  phase_ = phase::idle;
  if (buffer_.size() > 0)
    return parse_head();
  if (home_->shared.draining.load(std::memory_order_relaxed))
    return close();
  buffer_.shrink(idle_buffer);
  expect_within(limits().idle_deadline);
  read_more(read_size);
}

void session::read_more(std::size_t at_least) {
  if (reading_ || phase_ == phase::closed)
    return;
  auto* into = buffer_.prepare(at_least);
  reading_ = true;
  begin_operation();
  start_read(into, buffer_.room());
}

void session::on_read(error_code ec, std::size_t bytes) {
  reading_ = false;
  if (phase_ == phase::closed) {
    // nop: only the operation ends
  } else if (ec) {
    close();
  } else {
    buffer_.commit(bytes);
    switch (phase_) {
    case phase::idle:
    case phase::head:
      parse_head();
      break;
    case phase::body:
    case phase::dropping:
      receive_body();
      break;
    case phase::lingering:
      linger();
      break;
    default:
      break;
    }
  }
  end_operation();
}

void session::parse_head() {
  // An empty line before a request line is to be ignored (RFC 9112 2.2).
  while (head_size_ == 0 && buffer_.view().starts_with("\r\n"))
    buffer_.consume(2);
  if (buffer_.size() == 0)
    return read_more(read_size);
  if (phase_ == phase::idle) {
    phase_ = phase::head;
    expect_within(limits().head_deadline);
  }
  error_code ec;
  if (head_size_ < buffer_.size())
    head_size_ += parser_->feed(buffer_.view(), head_size_, ec);
  else
    ec = beast_http::error::need_more;
  if (ec == beast_http::error::need_more) {
    if (buffer_.size() > limits().header_limit + read_size)
      return parse_failed(beast_http::error::header_limit);
    return read_more(read_size);
  }
  if (ec)
    return parse_failed(ec);
  request_size_ = head_size_;
  on_head();
}

void session::parse_failed(error_code ec) {
  keep_alive_ = false;
  request_size_ = buffer_.size();
  set_request_id();
  set_views();
  refuse(problem_of(ec));
}

void session::on_head() {
  keep_alive_ = parser_->keep_alive() && !home_->shared.draining.load(std::memory_order_relaxed);
  set_request_id();
  set_views();
  if (!head_is_sound() || !set_target()) {
    keep_alive_ = false;
    return refuse(std::move(*refusal_));
  }
  route_request();
  const auto length = parser_->content_length();
  body_size_ = length && !parser_->chunked() ? static_cast<std::size_t>(*length) : 0;
  if (body_size_ > limits().body_limit && (!refusal_ || refusal_->status != 401))
    refusal_ = problem{413,
                       "body-too-large",
                       "the body has " + std::to_string(body_size_) + " bytes; this server reads "
                           + std::to_string(limits().body_limit),
                       {},
                       0};
  const auto expect = head_.find(beast_http::field::expect, buffer_.view());
  if (!expect.empty() && !same_text(expect, "100-continue"))
    refusal_ = problem{417, "expectation", "only `Expect: 100-continue` is understood", {}, 0};
  const auto waits = !expect.empty() && (body_size_ > 0 || parser_->chunked());
  if (refusal_ && (waits || parser_->chunked() || body_size_ > limits().body_limit)) {
    // The answer goes first; what the client still sends is dropped before the connection closes.
    keep_alive_ = false;
    return refuse(std::move(*refusal_));
  }
  const auto here = parser_->chunked() ? buffer_.size() > head_size_
                                       : buffer_.size() >= head_size_ + body_size_;
  if (waits && !here) {
    continuing_ = true;
    phase_ = phase::writing;
    expect_within(limits().write_deadline);
    out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    out_body_.clear();
    begin_operation();
    return start_write({boost::asio::buffer(out_head_), boost::asio::const_buffer{}});
  }
  phase_ = refusal_ ? phase::dropping : phase::body;
  if (parser_->chunked() || buffer_.size() < head_size_ + body_size_)
    expect_within(limits().body_deadline);
  receive_body();
}

void session::set_request_id() {
  const auto view = buffer_.view();
  request_id_.clear();
  for (const auto& field : head_.fields)
    if (field.known == beast_http::field::unknown
        && same_text(field.name.in(view), "x-request-id")) {
      const auto text = field.value.in(view);
      if (token_of_request(text))
        request_id_.assign(text);
      break;
    }
  if (request_id_.empty())
    home_->make_request_id(request_id_);
}

bool session::head_is_sound() {
  const auto view = buffer_.view();
  std::size_t hosts = 0;
  bool encoded = false;
  for (const auto& field : head_.fields) {
    hosts += field.known == beast_http::field::host ? 1 : 0;
    encoded = encoded || field.known == beast_http::field::transfer_encoding;
  }
  const auto modern = view.substr(head_.target.offset + head_.target.size).starts_with(" HTTP/1.1");
  if (head_.folded)
    refusal_ = bad_request("a header spans several lines, or there are too many of them");
  else if (hosts > 1 || (hosts == 0 && modern))
    refusal_ = bad_request("exactly one Host header is needed");
  else if (encoded && (!parser_->chunked() || !modern))
    // Anything but one final `chunked` leaves the length of the body open: the way requests are
    // smuggled.
    refusal_ = problem{
        501, "transfer-encoding", "only `Transfer-Encoding: chunked` is understood", {}, 0};
  return !refusal_;
}

bool session::set_target() {
  auto target = head_.target.in(buffer_.view());
  if (target == "*" && request_.method == verb::options) {
    request_.path = target;
    return true;
  }
  for (std::string_view scheme : {"http://", "https://"}) // absolute-form, RFC 9112 3.2.2
    if (target.starts_with(scheme)) {
      const auto slash = target.find('/', scheme.size());
      target = slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
    }
  if (!target.starts_with('/')) {
    refusal_ = bad_request("the request target must begin with a slash");
    return false;
  }
  const auto mark = target.find('?');
  request_.target = target;
  request_.path = target.substr(0, mark);
  request_.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  return true;
}

void session::route_request() {
  request_.caller = {};
  auto matched = home_->shared.routes.match(request_);
  if (refuse_all_) {
    keep_alive_ = false;
    refusal_ = unavailable("too many connections", 1);
  } else if (!matched.found && request_.method == verb::options
             && (request_.path == "*" || !matched.allow.empty())) {
    refusal_ = no_content();
    refusal_->with("Allow", matched.allow.empty() ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
                                                  : matched.allow + ", OPTIONS");
  } else if (!matched.found && matched.allow.empty()) {
    refusal_ = not_found("nothing is served at this path");
  } else if (!matched.found) {
    refusal_ = problem{405, "method-not-allowed", "this path answers " + matched.allow, {}, 0};
    refusal_->with("Allow", matched.allow);
  } else {
    route_ = matched.found;
    if (auto refused = home_->shared.routes.admit(*route_, request_))
      refusal_ = std::move(*refused);
    else if (home_->shared.in_flight.load(std::memory_order_relaxed) >= limits().max_in_flight)
      refusal_ = unavailable("too many requests are in work", 1);
  }
}

void session::receive_body() {
  if (parser_->chunked())
    return parse_chunks();
  const auto whole = head_size_ + body_size_;
  if (phase_ == phase::dropping) {
    const auto here = std::min(buffer_.size() - head_size_, body_size_ - dropped_);
    buffer_.erase(head_size_, here);
    dropped_ += here;
    if (dropped_ < body_size_)
      return read_more(read_size);
    request_size_ = head_size_;
    return body_arrived();
  }
  if (buffer_.size() < whole)
    return read_more(std::max(read_size, whole - buffer_.size()));
  request_size_ = whole;
  body_arrived();
}

void session::parse_chunks() {
  parser_->eager(true);
  for (;;) {
    if (parser_->is_done()) {
      request_size_ = head_size_;
      return body_arrived();
    }
    error_code ec;
    std::size_t used = 0;
    if (buffer_.size() > head_size_)
      used = parser_->feed(buffer_.view(), head_size_, ec);
    else
      ec = beast_http::error::need_more;
    buffer_.erase(head_size_, used);
    if (ec == beast_http::error::need_more) {
      if (buffer_.size() - head_size_ > most_chunk_framing)
        ec = beast_http::error::bad_chunk;
      else
        return read_more(read_size);
    }
    if (ec) {
      keep_alive_ = false;
      return refuse(problem_of(ec));
    }
  }
}

void session::body_arrived() {
  if (refusal_)
    return refuse(std::move(*refusal_));
  dispatch();
}

void session::set_views() {
  const auto view = buffer_.view();
  viewed_ = view.data();
  header_views_.clear();
  request_.traceparent = {};
  for (const auto& field : head_.fields) {
    header_views_.push_back({field.name.in(view), field.value.in(view)});
    if (same_text(header_views_.back().name, "traceparent")
        && well_formed_traceparent(header_views_.back().value))
      request_.traceparent = header_views_.back().value;
  }
  request_.headers = header_views_;
  request_.method = verb_of(head_.method.in(view));
  request_.request_id = request_id_;
  request_.remote_address = remote_address_;
  request_.secure = secure_;
  request_.parameter_count = 0;
}

void session::refresh_views() {
  if (viewed_ == buffer_.view().data())
    return;
  set_views();
  set_target();
  home_->shared.routes.match(request_);
}

} // namespace carillon::http
