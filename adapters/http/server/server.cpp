#include "adapters/http/server/server.hpp"

#include "adapters/http/server/session.hpp"
#include "adapters/http/server/shard.hpp"
#include "adapters/http/server/tls.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

namespace carillon::http {

using boost::asio::ip::tcp;
using boost::system::error_code;

struct server::implementation {
  using work_guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  server_state shared;
  std::vector<std::shared_ptr<shard>> shards;
  std::vector<work_guard> guards;
  std::vector<std::thread> threads;
  std::optional<boost::asio::ssl::context> tls;
  std::optional<tcp::acceptor> acceptor;          // on the first shard
  std::optional<boost::asio::steady_timer> pause; // after an accept that failed
  tcp::endpoint bound;
  std::size_t next = 0;
  bool running = false;

  std::optional<std::string> bind();
  void accept();
  void accepted(std::shared_ptr<shard> home, tcp::socket socket);
  void on_every_shard(const std::function<void(shard&)>& task);
  bool wait_until_empty(std::chrono::milliseconds limit);
};

namespace {

/// How many connections over the limit are told so; more are closed without a word.
constexpr std::size_t refused_at_once = 256;

std::string describe(const std::string& where, const error_code& ec) {
  if (ec == boost::asio::error::address_in_use)
    return "cannot listen on " + where + ": the port is in use";
  if (ec == boost::asio::error::access_denied)
    return "cannot listen on " + where + ": not permitted";
  return "cannot listen on " + where + ": " + ec.message();
}

} // namespace

std::optional<std::string> server::implementation::bind() {
  const auto& wanted = shared.settings;
  const auto where = wanted.address + ":" + std::to_string(wanted.port);
  error_code ec;
  auto text = wanted.address == "localhost" ? std::string{"127.0.0.1"} : wanted.address;
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    text = text.substr(1, text.size() - 2);
  const auto address = boost::asio::ip::make_address(text, ec);
  if (ec)
    return "cannot listen on " + where + ": not an IP address";
  const tcp::endpoint endpoint{address, wanted.port};
  acceptor.emplace(shards.front()->loop);
  acceptor->open(endpoint.protocol(), ec);
  if (!ec)
    acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec)
    acceptor->bind(endpoint, ec);
  if (!ec)
    acceptor->listen(1024, ec);
  if (!ec)
    bound = acceptor->local_endpoint(ec);
  if (!ec)
    return std::nullopt;
  acceptor.reset();
  return describe(where, ec);
}

void server::implementation::accept() {
  auto home = shards[next++ % shards.size()];
  acceptor->async_accept(home->loop, [this, home](error_code ec, tcp::socket socket) {
    if (!acceptor || !acceptor->is_open() || ec == boost::asio::error::operation_aborted)
      return;
    if (!ec) {
      accepted(home, std::move(socket));
      return accept();
    }
    // Out of descriptors or memory: the pending connection stays, so trying at once would spin.
    spdlog::warn("http: accept failed: {}", ec.message());
    pause->expires_after(std::chrono::milliseconds{100});
    pause->async_wait([this](error_code stopped) {
      if (!stopped)
        accept();
    });
  });
}

void server::implementation::accepted(std::shared_ptr<shard> home, tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto open = shared.connections.fetch_add(1, std::memory_order_relaxed) + 1;
  const auto over = open > shared.settings.max_connections;
  if (over) {
    shared.refused_connections.fetch_add(1, std::memory_order_relaxed);
    if (open > shared.settings.max_connections + refused_at_once) {
      shared.connections.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
  }
  auto made = make_session(home, std::move(socket), tls ? &*tls : nullptr);
  boost::asio::dispatch(home->loop, [made, over] { made->start(over); });
}

void server::implementation::on_every_shard(const std::function<void(shard&)>& task) {
  for (auto& home : shards) {
    std::promise<void> done;
    boost::asio::post(home->loop, [&] {
      task(*home);
      done.set_value();
    });
    done.get_future().wait();
  }
}

bool server::implementation::wait_until_empty(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (shared.connections.load(std::memory_order_relaxed) > 0) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

server::server(server_settings settings, router routes)
    : implementation_(std::make_unique<implementation>()) {
  implementation_->shared.settings = std::move(settings);
  implementation_->shared.routes = std::move(routes);
}

server::~server() {
  stop(std::chrono::milliseconds{0});
}

std::optional<std::string> server::start() {
  auto& self = *implementation_;
  const auto& settings = self.shared.settings;
  if (!settings.tls_certificate_file.empty()) {
    self.tls.emplace(boost::asio::ssl::context::tls_server);
    if (auto failed
        = configure_tls(*self.tls, settings.tls_certificate_file, settings.tls_key_file))
      return failed;
  }
  for (unsigned i = 0; i < std::max(1u, settings.threads); ++i)
    self.shards.push_back(std::make_shared<shard>(self.shared));
  if (auto failed = self.bind()) {
    self.shards.clear();
    return failed;
  }
  self.pause.emplace(self.shards.front()->loop);
  self.accept();
  for (auto& home : self.shards) {
    self.guards.push_back(boost::asio::make_work_guard(home->loop));
    self.threads.emplace_back([home] { home->loop.run(); });
  }
  self.running = true;
  return std::nullopt;
}

std::uint16_t server::port() const {
  return implementation_->bound.port();
}

std::string server::endpoint() const {
  const auto& bound = implementation_->bound;
  const auto host = bound.address().to_string();
  return (bound.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(bound.port());
}

bool server::stop(std::chrono::milliseconds limit) {
  auto& self = *implementation_;
  if (!self.running)
    return true;
  self.running = false;
  self.shared.draining.store(true);
  self.on_every_shard([&](shard& home) {
    if (&home == self.shards.front().get()) {
      self.pause->cancel();
      error_code ignored;
      self.acceptor->close(ignored);
    }
    const std::vector<session*> open(home.sessions.begin(), home.sessions.end());
    for (auto* each : open)
      each->drain();
  });
  const auto clean = self.wait_until_empty(limit);
  for (auto& home : self.shards)
    home->stopped.store(true, std::memory_order_release);
  self.on_every_shard([](shard& home) {
    const std::vector<session*> open(home.sessions.begin(), home.sessions.end());
    for (auto* each : open)
      each->close();
  });
  self.guards.clear(); // the loops end when the last aborted operation has been handled
  for (auto& thread : self.threads)
    thread.join();
  self.threads.clear();
  for (auto& home : self.shards) { // what a responder posted in the meantime
    home->loop.restart();
    home->loop.poll();
  }
  self.acceptor.reset();
  self.pause.reset();
  return clean;
}

std::size_t server::connections() const {
  return implementation_->shared.connections.load(std::memory_order_relaxed);
}

std::size_t server::in_flight() const {
  return implementation_->shared.in_flight.load(std::memory_order_relaxed);
}

std::string server::metrics() const {
  const auto& shared = implementation_->shared;
  std::string out;
  const auto gauge = [&](std::string_view name, std::string_view kind, std::string_view help,
                         std::size_t value) {
    out.append("# HELP ")
        .append(name)
        .append(" ")
        .append(help)
        .append("\n# TYPE ")
        .append(name)
        .append(" ");
    out.append(kind)
        .append("\n")
        .append(name)
        .append(" ")
        .append(std::to_string(value))
        .append("\n");
  };
  gauge("carillon_http_connections", "gauge", "Open connections.", connections());
  gauge("carillon_http_requests_in_flight", "gauge", "Requests in work.", in_flight());
  gauge("carillon_http_refused_connections_total", "counter", "Connections over the limit.",
        shared.refused_connections.load(std::memory_order_relaxed));
  out.append("# HELP carillon_http_requests_total Answers by route and class of status.\n"
             "# TYPE carillon_http_requests_total counter\n");
  std::string seconds
      = "# HELP carillon_http_request_seconds_total Time from request to answer by route.\n"
        "# TYPE carillon_http_request_seconds_total counter\n";
  for (const auto& entry : shared.routes.entries()) {
    const auto label = std::string{"{method=\""}.append(to_string(entry.data.method))
                       + "\",route=\"" + entry.data.pattern + "\"";
    for (std::size_t digit = 1; digit < 6; ++digit)
      if (const auto count = entry.statistics->answers[digit].load(std::memory_order_relaxed);
          count > 0)
        out.append("carillon_http_requests_total")
            .append(label)
            .append(",status=\"")
            .append(std::to_string(digit))
            .append("xx\"} ")
            .append(std::to_string(count))
            .append("\n");
    if (const auto micros = entry.statistics->microseconds.load(std::memory_order_relaxed);
        micros > 0)
      seconds.append("carillon_http_request_seconds_total")
          .append(label)
          .append("} ")
          .append(std::to_string(static_cast<double>(micros) / 1e6))
          .append("\n");
  }
  return out + seconds;
}

} // namespace carillon::http
