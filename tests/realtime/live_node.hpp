#pragma once

#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"

#include "adapters/realtime/handler.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace carillon::test {

/// Time that only the test moves; read by the handler's loops.
class hand_clock {
public:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const {
    return start_ + std::chrono::milliseconds{passed_.load()};
  }
  void advance(std::chrono::milliseconds d) {
    passed_ += d.count();
  }

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> passed_{0};
};

/// Everything between a socket and an inbox, for real: a listener that hands connections over as
/// the HTTP server does, the handler, the hub, and one actor that plays intake, partition and
/// journal over a real inbox model. The recipient's name is the request's path without the slash.
class live_node {
public:
  /// @param tls an own certificate, or null for plain sockets.
  explicit live_node(realtime::realtime_settings settings = {},
                     boost::asio::ssl::context* tls = nullptr);
  ~live_node();

  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }
  realtime::handler& handler() {
    return *handler_;
  }
  hand_clock& clock() {
    return clock_;
  }
  metrics& numbers() {
    return numbers_;
  }

  /// Posts a message to the recipient and waits until it is in the inbox. @returns its id.
  notification_id post(const std::string& recipient, const std::string& title);

  /// Posts `count` messages one after the other without waiting.
  void post_many(const std::string& recipient, std::size_t count, std::size_t size = 0);

  /// Makes the owner answer errors to everything, or not any more.
  void refuse_everything(bool refuse);

  /// Moves the clock and has all deadlines looked at.
  void advance(std::chrono::milliseconds d);

  /// Waits, bounded, until something holds; the loops go round meanwhile.
  template <class Condition>
  bool wait_for(Condition holds) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    do
      handler_->tick();
    while (!holds() && std::chrono::steady_clock::now() < end);
    return holds();
  }

  /// Waits, bounded, until the handler has so many sessions.
  bool wait_for_sessions(std::size_t count);

private:
  void listen();
  void serve(boost::asio::ip::tcp::socket socket);

  metrics numbers_;
  hand_clock clock_;
  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::actor owner_;
  hub_actor hub_;
  std::unique_ptr<realtime::handler> handler_;
  boost::asio::ssl::context* tls_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

} // namespace carillon::test
