#include "adapters/providers/support/transfer.hpp"

#include "adapters/providers/support/header_list.hpp"
#include "adapters/providers/support/http_client.hpp"
#include "adapters/providers/support/socket_watch.hpp"

#include <algorithm>
#include <new>

#include <unistd.h>

namespace carillon::providers {

namespace {

call_failure why(CURLcode code) noexcept {
  switch (code) {
  case CURLE_OK:
    return call_failure::none;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return call_failure::resolve;
  case CURLE_COULDNT_CONNECT:
    return call_failure::connect;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
    return call_failure::tls;
  case CURLE_OPERATION_TIMEDOUT:
    return call_failure::timed_out;
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
  case CURLE_PARTIAL_FILE:
  case CURLE_ABORTED_BY_CALLBACK: // we refuse to send again (or at all: see `barred_`)
    return call_failure::reset;
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM:
    return call_failure::protocol;
  default:
    return call_failure::other;
  }
}

std::string header_of(CURL* easy, const char* name) {
  curl_header* h = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
    return {};
  return std::string{h->value}.substr(0, 256);
}

} // namespace

transfer::transfer(const http_client_options& options, socket_watch& watch)
    : easy_(curl_easy_init()), may_start_(options.may_start) {
  if (easy_ == nullptr)
    throw std::bad_alloc{};
  set_constant_options(options, watch);
}

transfer::~transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(own_headers_);
}

void transfer::set_constant_options(const http_client_options& options, socket_watch& watch) {
  const auto set
      = [this](CURLoption option, auto value) { curl_easy_setopt(easy_, option, value); };
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(error_));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, options.proxy.c_str()); // empty: none, and no look into the environment
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_BUFFERSIZE, 8192L);
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options.idle_connection.count()));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty())
    set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_WRITEFUNCTION, &transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &transfer::before_request);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));
  set(CURLOPT_CLOSESOCKETFUNCTION, &transfer::on_close);
  set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&watch));
}

bool transfer::load(http_request&& request, http_completion&& done, std::chrono::milliseconds left,
                    std::chrono::steady_clock::time_point submitted) {
  request_ = std::move(request);
  done_ = std::move(done);
  submitted_ = submitted;
  ends_ = std::chrono::steady_clock::now() + left;
  body_.clear();
  writing_ = refused_ = barred_ = overflow_ = false;
  error_[0] = '\0';
  if (request_.url != loaded_url_) {
    if (curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str()) != CURLE_OK)
      return false;
    // Over TLS the first answer tells whether calls can share the connection (HTTP/2).
    curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, request_.url.starts_with("https:") ? 1L : 0L);
    loaded_url_ = request_.url;
  }
  const auto connect = std::min(request_.connect_timeout, left);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
  return set_headers() && set_method();
}

bool transfer::set_headers() {
  if (request_.extra_headers.empty() && own_headers_ == nullptr && !fresh_
      && request_.headers == loaded_headers_)
    return true;
  if (!std::all_of(request_.extra_headers.begin(), request_.extra_headers.end(), is_safe_header))
    return false;
  curl_slist* all = nullptr;
  const auto add = [&all](const char* line) {
    if (curl_slist* next = curl_slist_append(all, line); next != nullptr)
      all = next;
  };
  curl_slist* shared = request_.headers ? request_.headers->get() : nullptr;
  if (!request_.extra_headers.empty() || shared == nullptr) {
    if (shared == nullptr)
      add("Expect:");
    for (auto* h = shared; h != nullptr; h = h->next)
      add(h->data);
    for (const auto& line : request_.extra_headers)
      add(line.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, all != nullptr ? all : shared);
  curl_slist_free_all(own_headers_);
  own_headers_ = all;
  loaded_headers_ = request_.headers;
  return true;
}

bool transfer::set_method() {
  if (fresh_ || request_.method != loaded_method_) {
    const bool get = request_.method == http_method::get;
    curl_easy_setopt(easy_, get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    const char* verb = request_.method == http_method::put       ? "PUT"
                       : request_.method == http_method::delete_ ? "DELETE"
                                                                 : nullptr;
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, verb);
    loaded_method_ = request_.method;
    fresh_ = false;
  }
  if (request_.method == http_method::get)
    return true;
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request_.body.size()));
  return curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.c_str()) == CURLE_OK;
}

long transfer::bytes_written() const noexcept {
  long n = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &n);
  return n;
}

int transfer::before_request(void* self, char*, char*, int, int) {
  auto& t = *static_cast<transfer*>(self);
  if (t.writing_ && t.bytes_written() > 0) {
    t.refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  const auto left = t.ends_ - std::chrono::steady_clock::now();
  if (left.count() <= 0 // the process was stopped on its way here
      || (t.may_start_ && !t.may_start_(std::chrono::ceil<std::chrono::milliseconds>(left)))) {
    t.barred_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  t.writing_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<transfer*>(self);
  const auto n = size * count;
  const auto room = http_response::max_body - t.body_.size();
  t.body_.append(data, std::min(n, room));
  t.overflow_ = n > room;
  return t.overflow_ ? CURL_WRITEFUNC_ERROR : n;
}

int transfer::on_close(void* watch, curl_socket_t socket) {
  static_cast<socket_watch*>(watch)->forget(socket);
  return close(socket);
}

long transfer::connections_opened() const noexcept {
  long n = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &n);
  return n;
}

void transfer::read_answer(http_response& out) const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) // nothing, or only an interim answer
    return;
  out.reached = transport::answered;
  out.status = static_cast<int>(status);
  out.retry_after = header_of(easy_, "Retry-After");
  out.request_id = header_of(easy_, "Twilio-Request-Id");
  if (out.request_id.empty())
    out.request_id = header_of(easy_, "X-Request-Id");
}

http_response transfer::unload(CURLcode result, std::chrono::steady_clock::time_point now) {
  http_response out;
  out.took = std::chrono::duration_cast<std::chrono::microseconds>(now - submitted_);
  out.reached = writing_ ? transport::maybe_sent : transport::never_connected;
  if (writing_ && !refused_)
    read_answer(out);
  out.failure = overflow_ ? call_failure::too_large
                : barred_ ? call_failure::cancelled
                          : why(result);
  if (result != CURLE_OK) {
    out.error = refused_  ? "connection died after the request was written, not sent again"
                : barred_ ? "this node may make no calls"
                : error_[0] != '\0' ? std::string{error_}
                                    : std::string{curl_easy_strerror(result)};
  }
  out.body = std::move(body_);
  body_ = {};
  request_.body = {}; // what it said to whom is nobody's business any more
  return out;
}

} // namespace carillon::providers
