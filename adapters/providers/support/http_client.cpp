#include "adapters/providers/support/http_client.hpp"

#include "adapters/providers/support/socket_watch.hpp"
#include "adapters/providers/support/transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::providers {

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

http_response not_started(call_failure why, const char* text) {
  http_response out;
  out.failure = why;
  out.error = text;
  return out;
}

struct counters {
  std::atomic<std::uint64_t> submitted{0}, answered{0}, never_connected{0}, maybe_sent{0},
      connections_opened{0}, resends_refused{0}, completed{0};
};

void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
  counter.fetch_add(by, std::memory_order_relaxed);
}

} // namespace

/// The thread and what it owns. Shared with submitters: the queue under `mutex_`, the counters,
/// and socket_watch::wake().
class http_client::driver {
public:
  explicit driver(http_client_options options);
  ~driver();
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  void submit(http_request&& request, http_completion&& done);
  void stop(milliseconds grace);

  counters counts;

private:
  struct queued {
    http_request request;
    http_completion done;
    steady::time_point at;
  };

  static int on_socket(CURL*, curl_socket_t s, int what, void* self, void*);
  static int on_timer(CURLM*, long ms, void* self);

  void run();
  bool turn();
  void take_queue();
  void start(queued&& q, steady::time_point now);
  void drive(int socket, int bits);
  void reap();
  void finish(transfer& t, CURLcode result);
  void deliver(http_completion& done, http_response&& response);
  void cancel_all();
  milliseconds patience();
  transfer& idle_transfer();

  http_client_options options_;
  socket_watch watch_;
  CURLM* multi_;
  std::vector<std::unique_ptr<transfer>> idle_;
  std::unordered_map<transfer*, std::unique_ptr<transfer>> active_;
  std::vector<queued> starting_;
  std::vector<socket_watch::event> events_;
  std::optional<steady::time_point> timer_; // when curl wants to be called without an event

  std::mutex mutex_;
  std::vector<queued> queue_;
  bool sleeping_ = false; // the thread waits and has to be woken for the queue
  std::optional<steady::time_point> stop_at_;
  bool stopped_ = false;

  std::mutex join_mutex_;
  std::thread thread_;
};

http_client::driver::driver(http_client_options options) : options_(std::move(options)) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = global == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi_ == nullptr)
    throw std::bad_alloc{};
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &driver::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &driver::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.max_connections_per_host);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options_.max_pooled_connections);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  thread_ = std::thread([this] { run(); });
}

http_client::driver::~driver() {
  stop(milliseconds{0});
  idle_.clear();
  curl_multi_cleanup(multi_);
}

void http_client::driver::submit(http_request&& request, http_completion&& done) {
  bump(counts.submitted);
  bool refused = false;
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    refused = stopped_ || stop_at_.has_value();
    if (!refused) {
      queue_.push_back({std::move(request), std::move(done), steady::now()});
      wake = std::exchange(sleeping_, false);
    }
  }
  if (refused)
    deliver(done, not_started(call_failure::cancelled, "the HTTP client is stopped"));
  else if (wake)
    watch_.wake();
}

void http_client::driver::stop(milliseconds grace) {
  {
    std::lock_guard lock(mutex_);
    if (!stop_at_)
      stop_at_ = steady::now() + grace;
  }
  watch_.wake();
  std::lock_guard lock(join_mutex_);
  if (thread_.joinable())
    thread_.join();
}

void http_client::driver::run() {
  // Signals belong to the main thread; a broken TLS connection must not raise SIGPIPE either.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "provider-http");
  while (turn()) {
  }
  cancel_all();
}

// One round: start what was submitted, serve curl's timer, wait, serve sockets, hand out answers.
bool http_client::driver::turn() {
  take_queue();
  if (timer_ && *timer_ <= steady::now())
    drive(CURL_SOCKET_TIMEOUT, 0);
  reap();
  {
    std::lock_guard lock(mutex_);
    if (stop_at_ && ((active_.empty() && queue_.empty()) || *stop_at_ <= steady::now()))
      return false;
    sleeping_ = queue_.empty();
  }
  events_.clear();
  watch_.wait(patience(), events_);
  for (const auto& e : events_)
    drive(e.socket, e.curl_bits);
  reap();
  return true;
}

milliseconds http_client::driver::patience() {
  std::optional<steady::time_point> until = timer_;
  {
    std::lock_guard lock(mutex_);
    if (!sleeping_)
      return milliseconds{0};
    if (stop_at_)
      until = until ? std::min(*until, *stop_at_) : *stop_at_;
  }
  if (!until)
    return milliseconds{-1};
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(*until - steady::now()));
}

void http_client::driver::take_queue() {
  {
    std::lock_guard lock(mutex_);
    sleeping_ = false;
    starting_.swap(queue_);
  }
  if (starting_.empty())
    return;
  const auto now = steady::now();
  for (auto& q : starting_)
    start(std::move(q), now);
  starting_.clear();
}

transfer& http_client::driver::idle_transfer() {
  std::unique_ptr<transfer> t;
  if (idle_.empty()) {
    t = std::make_unique<transfer>(options_, watch_);
  } else {
    t = std::move(idle_.back());
    idle_.pop_back();
  }
  auto& ref = *t;
  active_.emplace(&ref, std::move(t));
  return ref;
}

void http_client::driver::start(queued&& q, steady::time_point now) {
  const auto left = q.request.timeout - std::chrono::duration_cast<milliseconds>(now - q.at);
  if (left.count() <= 0)
    return deliver(q.done, not_started(call_failure::timed_out, "no time left to start the call"));
  auto& t = idle_transfer();
  if (!t.load(std::move(q.request), std::move(q.done), left, q.at))
    finish(t, CURLE_BAD_FUNCTION_ARGUMENT);
  else if (curl_multi_add_handle(multi_, t.handle()) != CURLM_OK)
    finish(t, CURLE_FAILED_INIT);
}

void http_client::driver::drive(int socket, int bits) {
  if (socket == CURL_SOCKET_TIMEOUT)
    timer_.reset(); // curl sets it anew if it wants another
  int running = 0;
  curl_multi_socket_action(multi_, socket, bits, &running);
}

void http_client::driver::reap() {
  int left = 0;
  while (CURLMsg* m = curl_multi_info_read(multi_, &left)) {
    if (m->msg != CURLMSG_DONE)
      continue;
    const CURLcode result = m->data.result;
    CURL* easy = m->easy_handle;
    void* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    curl_multi_remove_handle(multi_, easy); // `m` is gone from here on
    finish(*static_cast<transfer*>(self), result);
  }
}

void http_client::driver::finish(transfer& t, CURLcode result) {
  auto response = t.unload(result, steady::now());
  auto done = t.take_completion();
  bump(counts.connections_opened, static_cast<std::uint64_t>(std::max(0L, t.connections_opened())));
  bump(counts.resends_refused, t.resend_refused() ? 1 : 0);
  auto node = active_.extract(&t);
  if (idle_.size() < options_.max_idle_handles)
    idle_.push_back(std::move(node.mapped()));
  deliver(done, std::move(response));
}

void http_client::driver::deliver(http_completion& done, http_response&& response) {
  switch (response.reached) {
  case transport::answered:
    bump(counts.answered);
    break;
  case transport::never_connected:
    bump(counts.never_connected);
    break;
  case transport::maybe_sent:
    bump(counts.maybe_sent);
    break;
  }
  bump(counts.completed);
  if (done)
    done(std::move(response));
}

void http_client::driver::cancel_all() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    starting_.swap(queue_);
  }
  for (auto& q : starting_)
    deliver(q.done, not_started(call_failure::cancelled, "the HTTP client is stopping"));
  starting_.clear();
  while (!active_.empty()) {
    auto& t = *active_.begin()->first;
    curl_multi_remove_handle(multi_, t.handle());
    auto response = t.unload(CURLE_ABORTED_BY_CALLBACK, steady::now());
    response.failure = call_failure::cancelled;
    response.error = "the HTTP client is stopping";
    auto done = t.take_completion();
    active_.erase(&t);
    deliver(done, std::move(response));
  }
}

int http_client::driver::on_socket(CURL*, curl_socket_t s, int what, void* self, void*) {
  static_cast<driver*>(self)->watch_.want(s, what);
  return 0;
}

int http_client::driver::on_timer(CURLM*, long ms, void* self) {
  auto& d = *static_cast<driver*>(self);
  if (ms < 0)
    d.timer_.reset();
  else
    d.timer_ = steady::now() + milliseconds{ms};
  return 0;
}

http_client::http_client() : http_client(http_client_options{}) {}

http_client::http_client(http_client_options options)
    : driver_(std::make_unique<driver>(std::move(options))) {}

http_client::~http_client() = default;

void http_client::submit(http_request request, http_completion done) {
  driver_->submit(std::move(request), std::move(done));
}

void http_client::stop(milliseconds grace) {
  driver_->stop(grace);
}

http_client_stats http_client::stats() const noexcept {
  const auto& c = driver_->counts;
  const auto read = [](const auto& x) { return x.load(std::memory_order_relaxed); };
  http_client_stats out;
  const auto completed = read(c.completed);
  out.submitted = read(c.submitted);
  out.answered = read(c.answered);
  out.never_connected = read(c.never_connected);
  out.maybe_sent = read(c.maybe_sent);
  out.connections_opened = read(c.connections_opened);
  out.resends_refused = read(c.resends_refused);
  out.in_flight = out.submitted - std::min(out.submitted, completed);
  return out;
}

} // namespace carillon::providers
