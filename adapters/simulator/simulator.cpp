#include "adapters/simulator/simulator.hpp"

#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/session.hpp"
#include "adapters/simulator/text.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace carillon::simulator {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

namespace {

/// One thread and all that runs on it.
struct lane {
  net::io_context context{1};
  net::executor_work_guard<net::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

} // namespace

/// The acceptor on the first lane; connections are dealt to all lanes in turn.
class simulator::server {
public:
  explicit server(options settings)
      : acceptor_(add_lane()), pause_(lanes_.front()->context), settings_(std::move(settings)) {
    if (!settings_.allow_remote && !is_loopback(settings_.host))
      throw std::invalid_argument(settings_.host + " is not a loopback address");
    shared_ = std::make_shared<state>(settings_, lanes_.front()->context);
    listen();
    while (lanes_.size() < std::clamp(settings_.threads, 1U, 64U))
      add_lane();
    accept();
    for (auto& l : lanes_)
      l->thread = std::thread([&context = l->context] {
        block_signals();
        context.run();
      });
  }

  // The first lane goes last: the callbacks' timer, which connections of all lanes share, is its.
  ~server() {
    stop();
    while (lanes_.size() > 1)
      lanes_.pop_back();
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  void stop() {
    if (stopped_)
      return;
    stopped_ = true;
    net::post(lanes_.front()->context, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      shared_->callbacks.stop();
    });
    for (auto& l : lanes_)
      net::post(l->context, [&context = l->context] { context.stop(); });
    for (auto& l : lanes_)
      l->thread.join();
  }

  std::string address() const {
    const auto where = acceptor_.local_endpoint();
    const auto host = where.address().to_string();
    return (where.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(where.port());
  }

  state& shared() const {
    return *shared_;
  }

private:
  net::io_context& add_lane() {
    lanes_.push_back(std::make_unique<lane>());
    return lanes_.back()->context;
  }

  void listen() {
    const auto host = settings_.host == "localhost" ? std::string{"127.0.0.1"} : settings_.host;
    error_code ec;
    const auto address = net::ip::make_address(host, ec);
    if (ec)
      throw std::invalid_argument(settings_.host + " is not an IP address");
    const tcp::endpoint where{address, settings_.port};
    const auto check = [&ec, &where] {
      if (ec)
        throw std::system_error(ec.value(), std::generic_category(),
                                where.address().to_string() + ":" + std::to_string(where.port()));
    };
    acceptor_.open(where.protocol(), ec);
    check();
    acceptor_.set_option(net::socket_base::reuse_address{true}, ec);
    acceptor_.bind(where, ec);
    check();
    acceptor_.listen(net::socket_base::max_listen_connections, ec);
    check();
  }

  void accept() {
    auto& next = lanes_[turn_++ % lanes_.size()]->context;
    acceptor_.async_accept(next, [this, &next](error_code ec, tcp::socket socket) {
      if (ec == net::error::operation_aborted || stopped_)
        return;
      if (!ec && shared_->connections < settings_.max_connections)
        net::post(next,
                  [s = std::make_shared<session>(std::move(socket), shared_)] { s->start(); });
      if (ec)
        return accept_later();
      accept();
    });
  }

  // Out of file descriptors: they come back when connections end, not by trying at once.
  void accept_later() {
    pause_.expires_after(milliseconds{20});
    pause_.async_wait([this](error_code ec) {
      if (!ec && !stopped_)
        accept();
    });
  }

  std::vector<std::unique_ptr<lane>> lanes_;
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  options settings_;
  std::shared_ptr<state> shared_;
  std::size_t turn_ = 0;
  std::atomic<bool> stopped_{false};
};

simulator::simulator(options settings) : server_(std::make_unique<server>(std::move(settings))) {
  address_ = server_->address();
}

simulator::~simulator() = default;

void simulator::script(const nlohmann::json& rules) {
  if (const auto wrong = server_->shared().rules.load(rules))
    throw std::invalid_argument(*wrong);
}

std::vector<message_record> simulator::messages(const record_filter& filter) const {
  return server_->shared().log.list(filter, static_cast<std::size_t>(-1));
}

std::size_t simulator::count(const record_filter& filter) const {
  return server_->shared().log.count(filter);
}

std::size_t simulator::connections_opened() const {
  return server_->shared().connections_opened.load();
}

void simulator::stop() {
  server_->stop();
}

} // namespace carillon::simulator
