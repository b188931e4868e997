#include "adapters/simulator/callbacks.hpp"

#include "adapters/simulator/text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <queue>
#include <utility>

namespace carillon::simulator {

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using net::ip::tcp;
using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{15}; // Twilio's own

/// A plan on its way: which request is next, and since when.
struct job {
  callback_plan plan;
  http_url where;
  std::size_t next = 0;
  unsigned tries = 0;
  steady::time_point accepted_at;

  const callback_request& request() const {
    return plan.requests[next];
  }
};
using job_ptr = std::shared_ptr<job>;

struct due_job {
  steady::time_point at;
  std::uint64_t order; // jobs of one moment keep their order
  job_ptr what;
  bool operator<(const due_job& other) const {
    return std::tie(other.at, other.order) < std::tie(at, order);
  }
};

} // namespace

/// The jobs waiting for one address and the workers that serve it.
struct target {
  std::deque<job_ptr> ready;
  std::deque<std::shared_ptr<void>> idle; // workers, type-erased: the type is private
  std::size_t workers = 0;
};

/// Everything but the counters belongs to the context's thread.
struct callback_sender::shared : std::enable_shared_from_this<shared> {
  shared(net::io_context& context_, const options& settings_, message_log& log_)
      : context(context_), settings(settings_), log(log_), timer(context_) {}

  void schedule(job_ptr j, steady::time_point at);
  void arm();
  void dispatch(job_ptr j);
  void done(const job_ptr& j, int status);

  net::io_context& context;
  const options& settings;
  message_log& log;
  net::steady_timer timer;
  std::priority_queue<due_job> due;
  std::map<std::string, target> targets;
  std::uint64_t order = 0;
  bool stopped = false;
  std::atomic<std::uint64_t> delivered{0}, refused{0}, failed{0}, dropped{0}, waiting{0};
};

/// One connection to one address. Kept alive by its own pending operation or by the idle list.
class callback_sender::worker : public std::enable_shared_from_this<worker> {
public:
  worker(std::shared_ptr<shared> owner, std::string key)
      : owner_(std::move(owner)), key_(std::move(key)), stream_(owner_->context) {}

  void run(job_ptr j) {
    job_ = std::move(j);
    reused_ = open_;
    open_ ? write() : connect();
  }

private:
  void connect() {
    beast::error_code error;
    const auto& host = job_->where.host;
    const auto address = net::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (error)
      return finish(0, false);
    const auto port
        = static_cast<unsigned short>(std::strtoul(job_->where.port.c_str(), nullptr, 10));
    stream_.expires_after(patience);
    stream_.async_connect(tcp::endpoint{address, port},
                          [self = shared_from_this()](beast::error_code ec) {
                            if (ec)
                              return self->finish(0, false);
                            beast::error_code ignored;
                            self->stream_.socket().set_option(tcp::no_delay{true}, ignored);
                            self->open_ = true;
                            self->write();
                          });
  }

  void write() {
    request_ = {};
    request_.method(http::verb::post);
    request_.target(job_->where.target);
    request_.set(http::field::host, job_->where.host + ":" + job_->where.port);
    request_.set(http::field::content_type, "application/x-www-form-urlencoded; charset=utf-8");
    request_.set(http::field::user_agent, "TwilioProxy/1.1 (carillon-sim)");
    request_.set("X-Twilio-Signature", job_->request().signature);
    request_.body() = job_->request().form;
    request_.prepare_payload();
    stream_.expires_after(patience);
    http::async_write(stream_, request_,
                      [self = shared_from_this()](beast::error_code ec, std::size_t) {
                        if (ec)
                          return self->broken();
                        self->read();
                      });
  }

  void read() {
    response_ = {};
    http::async_read(stream_, buffer_, response_,
                     [self = shared_from_this()](beast::error_code ec, std::size_t) {
                       if (ec)
                         return self->broken();
                       self->finish(self->response_.result_int(), self->response_.keep_alive());
                     });
  }

  // A kept-alive connection may have been closed by the other side: try once more on a new one.
  void broken() {
    close();
    if (std::exchange(reused_, false) && !owner_->stopped)
      return connect();
    finish(0, false);
  }

  void close() {
    open_ = false;
    beast::error_code ignored;
    stream_.socket().close(ignored);
    buffer_.clear();
  }

  void finish(unsigned status, bool keep) {
    if (!keep)
      close();
    else
      stream_.expires_never();
    const auto j = std::move(job_);
    job_ = nullptr;
    auto& t = owner_->targets[key_];
    if (!owner_->stopped && !t.ready.empty()) {
      auto next = std::move(t.ready.front());
      t.ready.pop_front();
      net::post(owner_->context, [self = shared_from_this(), next = std::move(next)]() mutable {
        self->run(std::move(next));
      });
    } else if (!owner_->stopped) {
      t.idle.push_back(shared_from_this());
    }
    owner_->done(j, static_cast<int>(status));
  }

  std::shared_ptr<shared> owner_;
  std::string key_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  job_ptr job_;
  bool open_ = false;
  bool reused_ = false;
};

void callback_sender::shared::schedule(job_ptr j, steady::time_point at) {
  if (stopped)
    return;
  if (at <= steady::now())
    return dispatch(std::move(j));
  due.push({at, ++order, std::move(j)});
  arm();
}

void callback_sender::shared::arm() {
  if (due.empty())
    return;
  timer.expires_at(due.top().at);
  timer.async_wait([self = shared_from_this()](beast::error_code ec) {
    if (ec || self->stopped)
      return; // armed anew
    const auto now = steady::now();
    while (!self->due.empty() && self->due.top().at <= now) {
      auto j = self->due.top().what;
      self->due.pop();
      self->dispatch(std::move(j));
    }
    self->arm();
  });
}

void callback_sender::shared::dispatch(job_ptr j) {
  const auto key = j->where.host + ' ' + j->where.port;
  auto& t = targets[key];
  if (!t.idle.empty()) {
    auto w = std::static_pointer_cast<worker>(std::move(t.idle.back()));
    t.idle.pop_back();
    w->run(std::move(j));
  } else if (t.workers < settings.callback_connections) {
    ++t.workers;
    std::make_shared<worker>(shared_from_this(), key)->run(std::move(j));
  } else {
    t.ready.push_back(std::move(j));
  }
}

void callback_sender::shared::done(const job_ptr& j, int status) {
  const bool success = status >= 200 && status < 300;
  ++(success ? delivered : status != 0 ? refused : failed);
  log.add_callback(j->plan.message, j->request().step.status, status);
  if (!success && j->tries < settings.callback_retries) {
    ++j->tries;
    return schedule(j, steady::now() + settings.callback_retry_pause);
  }
  j->tries = 0;
  --waiting;
  if (++j->next < j->plan.requests.size())
    schedule(j, j->accepted_at + j->request().step.after);
}

callback_sender::callback_sender(net::io_context& context, const options& settings,
                                 message_log& log)
    : shared_(std::make_shared<shared>(context, settings, log)) {}

callback_sender::~callback_sender() = default;

void callback_sender::send(callback_plan plan) {
  const auto count = plan.requests.size();
  const auto where = parse_http_url(plan.url);
  if (count == 0)
    return;
  if (!where || !(shared_->settings.allow_remote || is_loopback(where->host))
      || shared_->waiting.load() + count > shared_->settings.callback_queue) {
    shared_->dropped += count;
    return;
  }
  shared_->waiting += count;
  auto j = std::make_shared<job>();
  j->plan = std::move(plan);
  j->where = *where;
  j->accepted_at = steady::now();
  net::post(shared_->context, [s = shared_, j = std::move(j)]() mutable {
    const auto at = j->accepted_at + j->request().step.after;
    s->schedule(std::move(j), at);
  });
}

callback_stats callback_sender::stats() const {
  return {shared_->delivered.load(), shared_->refused.load(), shared_->failed.load(),
          shared_->dropped.load(), shared_->waiting.load()};
}

void callback_sender::stop() {
  shared_->stopped = true;
  shared_->timer.cancel();
  shared_->due = {};
  shared_->targets.clear();
}

} // namespace carillon::simulator
