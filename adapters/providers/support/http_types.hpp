#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::providers {

class header_list;

/// Request methods the providers' APIs need.
enum class http_method : std::uint8_t { get, post, put, delete_ };

/// How far a call got. It alone decides whether repeating the call could double an effect.
enum class transport : std::uint8_t {
  answered,        ///< a final status line arrived (the body may still be incomplete)
  never_connected, ///< name, connect or TLS failed, or it was cancelled earlier: no byte left
  maybe_sent,      ///< no answer, and at least one byte of the request may have left
};

/// Why a call got no complete answer; for logs and metrics, never for deciding on a repeat.
enum class call_failure : std::uint8_t {
  none,
  resolve,
  connect,
  tls,
  timed_out,
  reset,     ///< the peer closed or reset the connection without a complete answer
  cancelled, ///< the client was stopped, or may not call any more
  too_large, ///< the answer was longer than `http_response::max_body`
  protocol,  ///< what came back is not HTTP
  other,
};

/// One call. Plain data; the client takes it over.
struct http_request {
  http_method method = http_method::post;
  std::string url;                            ///< http or https; an IP literal costs no DNS work
  std::shared_ptr<const header_list> headers; ///< shared by all calls of a provider; may be null
  std::vector<std::string> extra_headers;     ///< `Name: value`, for this call only
  std::string body;                           ///< sent with Content-Length
  std::chrono::milliseconds connect_timeout{2000}; ///< name look-up, TCP and TLS together
  std::chrono::milliseconds timeout{5000};         ///< the whole call, from submit() on
};

/// What became of a call.
struct http_response {
  /// Longest body that is kept, in bytes; the rest is dropped together with its connection.
  static constexpr std::size_t max_body = 64 * 1024;

  transport reached = transport::never_connected;
  call_failure failure = call_failure::none;
  int status = 0;          ///< final HTTP status, 0 unless answered
  std::string body;        ///< at most max_body bytes
  std::string retry_after; ///< the header's value as received, empty if absent
  std::string request_id;  ///< the provider's id of the request, if it names one
  std::string error;       ///< one line for the log; holds no credentials
  std::chrono::microseconds took{0};

  /// True if a final status line and the whole body arrived.
  bool complete() const noexcept {
    return reached == transport::answered && failure == call_failure::none;
  }
};

/// Runs once for each submitted call, on the client's thread. Must not block and must not throw.
using http_completion = std::function<void(http_response&&)>;

/// Names for logs and metric labels.
std::string_view to_string(transport x) noexcept;
std::string_view to_string(call_failure x) noexcept;

} // namespace carillon::providers
