// The half of a session that sends answers out, and its sense of time.

#include "adapters/http/server/session.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/fields.hpp>
#include <spdlog/spdlog.h>

#include <charconv>

namespace carillon::http {

namespace {

constexpr std::string_view fixed_headers
    = "X-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: DENY\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
      "Cache-Control: no-store\r\n";
constexpr std::string_view secure_headers = "Strict-Transport-Security: max-age=31536000\r\n";
constexpr std::chrono::milliseconds longest_linger{5'000};
constexpr std::chrono::milliseconds linger_while_draining{200};

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

/// A header's value never ends the header: line ends from data are dropped.
void append_value(std::string& out, std::string_view value) {
  for (const char c : value)
    if (c != '\r' && c != '\n' && c != '\0')
      out.push_back(c);
}

} // namespace

session::session(std::shared_ptr<shard> home, std::string remote_address, bool secure)
    : home_(std::move(home)), remote_address_(std::move(remote_address)), secure_(secure) {
  timer_.emplace(home_->loop);
}

session::~session() = default;

void session::start(bool refuse) {
  refuse_all_ = refuse;
  registered_ = true;
  home_->sessions.insert(this);
  expect_within(limits().head_deadline);
  begin_operation();
  start_handshake();
}

void session::drain() {
  keep_alive_ = false;
  if (phase_ == phase::idle || phase_ == phase::handshake)
    close();
}

void session::close() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  ++serial_;
  leave_flight();
  if (registered_) {
    home_->sessions.erase(this);
    home_->shared.connections.fetch_sub(1, std::memory_order_relaxed);
    registered_ = false;
  }
  if (timer_)
    timer_->cancel();
  close_stream();
  begin_operation(); // so that the stream goes when the last operation has ended, or now
  end_operation();
}

void session::end_operation() {
  if (--pending_ > 0 || phase_ != phase::closed)
    return;
  timer_.reset();
  release_stream();
}

void session::leave_flight() {
  if (in_flight_)
    home_->shared.in_flight.fetch_sub(1, std::memory_order_relaxed);
  in_flight_ = false;
}

// -- answering
// -----------------------------------------------------------------------------------------------------

void session::dispatch() {
  refresh_views();
  const auto whole = buffer_.view();
  request_.body = parser_->chunked() ? std::string_view{head_.chunked_body}
                                     : whole.substr(head_size_, body_size_);
  phase_ = phase::working;
  ++serial_;
  in_flight_ = true;
  home_->shared.in_flight.fetch_add(1, std::memory_order_relaxed);
  expect_within(limits().request_deadline);
  begun_ = steady::now();
  const auto serial = serial_;
  try {
    route_->data.handle(request_, responder{shared_from_this(), serial});
  } catch (const std::exception& error) {
    spdlog::error("http: {} {} failed: {}", to_string(route_->data.method), route_->data.pattern,
                  error.what());
    complete(serial, problem{500, "internal", "the request could not be served", {}, 0});
  }
}

void session::answer(std::uint64_t serial, response&& what) {
  if (home_->loop.get_executor().running_in_this_thread())
    return complete(serial, std::move(what));
  if (home_->stopped.load(std::memory_order_acquire))
    return;
  boost::asio::post(home_->loop,
                    [self = shared_from_this(), serial, moved = std::move(what)]() mutable {
                      self->complete(serial, std::move(moved));
                    });
}

void session::complete(std::uint64_t serial, response&& what) {
  if (serial != serial_ || phase_ != phase::working)
    return;
  send(std::move(what));
}

void session::refuse(response&& what) {
  begun_ = steady::now();
  if (!request_.path.empty())
    refresh_views();
  send(std::move(what));
}

void session::send(response&& what) {
  leave_flight();
  if (home_->shared.draining.load(std::memory_order_relaxed))
    keep_alive_ = false;
  if (what.refusal) {
    what.status = what.refusal->status;
    what.content_type = "application/problem+json";
    what.body = to_text(*what.refusal, request_.path);
  }
  if (route_) {
    const auto taken
        = std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - begun_).count();
    route_->statistics->answers[what.status / 100 % 6].fetch_add(1, std::memory_order_relaxed);
    route_->statistics->microseconds.fetch_add(static_cast<std::uint64_t>(taken),
                                               std::memory_order_relaxed);
  }
  write_head(what);
  out_body_ = request_.method == verb::head ? std::string{} : std::move(what.body);
  phase_ = phase::writing;
  expect_within(limits().write_deadline);
  begin_operation();
  start_write({boost::asio::buffer(out_head_), boost::asio::buffer(out_body_)});
}

void session::write_head(const response& what) {
  auto& out = out_head_;
  out.assign("HTTP/1.1 ");
  append_number(out, what.status);
  out.append(" ")
      .append(reason_phrase(what.status))
      .append("\r\nDate: ")
      .append(home_->date())
      .append("\r\n");
  if (what.status != 204 && what.status != 304) {
    out.append("Content-Type: ").append(what.content_type).append("\r\nContent-Length: ");
    append_number(out, what.body.size());
    out.append("\r\n");
  }
  out.append("X-Request-Id: ").append(request_id_).append("\r\n");
  const auto budget = limits().max_in_flight;
  const auto used = home_->shared.in_flight.load(std::memory_order_relaxed);
  out.append("RateLimit-Policy: \"admission\";q=");
  append_number(out, budget);
  out.append("\r\nRateLimit: \"admission\";r=");
  append_number(out, budget > used ? budget - used : 0);
  out.append("\r\n").append(fixed_headers);
  if (secure_)
    out.append(secure_headers);
  if (what.refusal && what.refusal->retry_after > 0) {
    out.append("Retry-After: ");
    append_number(out, what.refusal->retry_after);
    out.append("\r\n");
  }
  if (what.status == 401)
    out.append("WWW-Authenticate: Bearer\r\n");
  for (const auto& [name, value] : what.headers) {
    out.append(name).append(": ");
    append_value(out, value);
    out.append("\r\n");
  }
  const auto old
      = parser_ && parser_->is_header_done() && head_size_ > 0
        && buffer_.view().substr(head_.target.offset + head_.target.size).starts_with(" HTTP/1.0");
  out.append(!keep_alive_ ? "Connection: close\r\n\r\n"
             : old        ? "Connection: keep-alive\r\n\r\n"
                          : "\r\n");
}

void session::on_written(error_code ec) {
  if (phase_ == phase::closed) {
    // nop: only the operation ends
  } else if (ec) {
    close();
  } else if (continuing_) {
    continuing_ = false;
    phase_ = phase::body;
    expect_within(limits().body_deadline);
    receive_body();
  } else {
    after_answer();
  }
  end_operation();
}

void session::after_answer() {
  out_body_ = {};
  if (keep_alive_)
    return next_request();
  // Closing with bytes unread resets the connection, and the reset can overtake the answer: say
  // that nothing more comes, then read and drop what the client still sends, within bounds.
  phase_ = phase::lingering;
  dropped_ = 0;
  shut_down_writing();
  const auto draining = home_->shared.draining.load(std::memory_order_relaxed);
  expect_within(draining ? linger_while_draining : longest_linger);
  linger();
}

void session::linger() {
  dropped_ += buffer_.size();
  buffer_.consume(buffer_.size());
  if (dropped_ > limits().drop_limit + limits().header_limit)
    return close();
  read_more(64 * 1024);
}

void session::hand_over(std::uint64_t serial, std::function<void(upgraded_connection&&)> taker) {
  if (home_->stopped.load(std::memory_order_acquire))
    return;
  boost::asio::dispatch(home_->loop,
                        [self = shared_from_this(), serial, moved = std::move(taker)]() mutable {
                          if (serial == self->serial_ && self->phase_ == phase::working)
                            self->give_connection_away(moved);
                        });
}

void session::give_connection_away(std::function<void(upgraded_connection&&)>& taker) {
  if (buffer_.size() > request_size_) {
    keep_alive_ = false;
    return send(bad_request("bytes were sent before the connection was upgraded"));
  }
  refresh_views();
  upgraded_connection given{give_away(), {}, request_id_};
  given.request.method_string(head_.method.in(buffer_.view()));
  given.request.target(request_.target);
  given.request.version(11);
  for (const auto& field : request_.headers)
    given.request.insert(field.name, field.value);
  if (route_)
    route_->statistics->answers[1].fetch_add(1, std::memory_order_relaxed);
  close();
  taker(std::move(given));
}

// -- time
// ----------------------------------------------------------------------------------------------------------

/// Sets the deadline. The timer is touched only if it would fire too late, so a busy connection
/// re-arms it about once a deadline and not once a request.
void session::expect_within(std::chrono::milliseconds limit) {
  deadline_ = steady::now() + limit;
  if (!armed_ || deadline_ < armed_until_)
    arm();
}

void session::arm() {
  armed_ = true;
  armed_until_ = deadline_;
  timer_->expires_at(deadline_);
  begin_operation();
  timer_->async_wait([self = shared_from_this()](error_code ec) {
    self->on_timer(ec);
    self->end_operation();
  });
}

void session::on_timer(error_code ec) {
  if (ec || phase_ == phase::closed)
    return; // re-armed for an earlier time, or closed
  armed_ = false;
  if (steady::now() < deadline_)
    return arm();
  on_deadline();
}

void session::on_deadline() {
  switch (phase_) {
  case phase::head:
  case phase::body:
  case phase::dropping:
    if (phase_ == phase::head)
      set_request_id();
    keep_alive_ = false;
    return refuse(problem{408, "request-timeout", "the request did not arrive in time", {}, 0});
  case phase::working:
    return send(unavailable("no answer within the deadline; the request may still take effect", 1));
  default:
    return close();
  }
}

} // namespace carillon::http
