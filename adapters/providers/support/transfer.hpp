#pragma once

#include "adapters/providers/support/http_types.hpp"

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace carillon::providers {

class socket_watch;
struct http_client_options;

/// One reusable curl handle with the call it carries. Owned by the HTTP client and touched by its
/// thread only. It is where "did a byte leave?" is known.
///
/// libcurl repeats a request by itself when a pooled connection dies before an answer. That would
/// be a second effect without an intent, so the hook that curl runs before every request it
/// writes counts, and refuses the second time unless not a byte of the first try was written.
class transfer {
public:
  transfer(const http_client_options& options, socket_watch& watch);
  ~transfer();
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  /// Loads a call into the handle. `left` is what remains of its time-out, above zero.
  /// Returns false if the request is not valid (header with a line break, no memory).
  bool load(http_request&& request, http_completion&& done, std::chrono::milliseconds left,
            std::chrono::steady_clock::time_point submitted);

  /// Takes the answer out after curl ended with `result`, and empties the handle's call.
  http_response unload(CURLcode result, std::chrono::steady_clock::time_point now);

  CURL* handle() const noexcept {
    return easy_;
  }
  http_completion take_completion() noexcept {
    return std::move(done_);
  }

  /// True if curl wanted to send the last call again and was refused.
  bool resend_refused() const noexcept {
    return refused_;
  }

  /// Connections curl opened for the last call; 0 if a pooled one served it.
  long connections_opened() const noexcept;

private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int before_request(void* self, char*, char*, int, int);
  static int on_close(void* watch, curl_socket_t socket);

  void set_constant_options(const http_client_options& options, socket_watch& watch);
  bool set_method();
  bool set_headers();
  long bytes_written() const noexcept;
  void read_answer(http_response& out) const;

  CURL* easy_;
  http_request request_;
  http_completion done_;
  std::chrono::steady_clock::time_point submitted_;
  std::chrono::steady_clock::time_point ends_; // when its time-out is over
  const std::function<bool(std::chrono::milliseconds)>& may_start_;
  std::string body_;
  curl_slist* own_headers_ = nullptr; // built for one call if it has extra headers
  std::string loaded_url_; // what the handle already knows, to set it only when it changes
  std::shared_ptr<const header_list> loaded_headers_;
  http_method loaded_method_ = http_method::get;
  bool fresh_ = true;     // no method set yet
  bool writing_ = false;  // a connection was ready and the request's first byte may have left
  bool refused_ = false;  // curl wanted to send the request again
  bool barred_ = false;   // it may not start any more
  bool overflow_ = false; // the answer's body was longer than we keep
  char error_[CURL_ERROR_SIZE] = {};
};

} // namespace carillon::providers
