#include "adapters/daemon/edge.hpp"

#include "adapters/daemon/metrics_page.hpp"
#include "adapters/daemon/reserved_port.hpp"
#include "adapters/http/actor_bridge.hpp"
#include "adapters/http/api.hpp"
#include "adapters/http/server/server.hpp"
#include "adapters/http/server/upgrade.hpp"
#include "adapters/realtime/asyncapi.hpp"
#include "adapters/realtime/handler.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>

namespace carillon::daemon {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

http::server_settings server_settings_of(const http_settings& from, std::uint16_t port) {
  http::server_settings to;
  to.address = from.listen.host;
  to.port = port;
  to.threads = from.threads;
  to.header_limit = from.header_limit;
  to.body_limit = from.body_limit;
  to.drop_limit = from.discard_limit;
  to.max_connections = from.max_connections;
  to.max_in_flight = from.max_in_flight;
  to.head_deadline = duration_cast<milliseconds>(from.header_timeout);
  to.body_deadline = duration_cast<milliseconds>(from.body_timeout);
  to.write_deadline = duration_cast<milliseconds>(from.write_timeout);
  to.idle_deadline = duration_cast<milliseconds>(from.idle_timeout);
  to.request_deadline = duration_cast<milliseconds>(from.answer_timeout);
  to.tls_certificate_file = from.tls_cert.string();
  to.tls_key_file = from.tls_key.string();
  return to;
}

realtime::neighbours live_neighbours_of(const edge_neighbours& around) {
  realtime::neighbours to;
  to.system = around.system;
  to.hub = around.hub;
  to.intake = around.intake;
  to.numbers = around.numbers.get();
  return to;
}

} // namespace

struct edge::parts {
  parts(const settings& with, const node_keys& keys, std::uint16_t port, std::string public_url,
        edge_neighbours neighbours)
      : around(std::move(neighbours)), bridge(*around.system), live(live_neighbours_of(around)),
        server(server_settings_of(with.http, port),
               http::make_api(dependencies(keys, std::move(public_url)))) {}

  http::api_dependencies dependencies(const node_keys& keys, std::string public_url) {
    http::api_dependencies to;
    to.bridge = &bridge;
    to.now = around.time;
    to.intake = around.intake;
    to.store = around.store;
    to.catalog = around.catalog;
    to.providers = around.providers;
    to.bootstrap_key = keys.bootstrap;
    to.token_secret = keys.token_secret;
    to.public_url = std::move(public_url);
    to.asyncapi = [] { return std::string{realtime::asyncapi_document()}; };
    to.metrics = [this] { return metrics_page(*around.numbers) + server.metrics(); };
    to.node_health = [this](std::function<void(health)> then) { ask_health(std::move(then)); };
    to.owns = [this] { return around.lease->outlives(duration{0}); };
    to.stream = [this](http::upgraded_connection&& connection, std::string tenant,
                       std::string recipient) {
      live.take(std::move(connection.socket), std::move(connection.request), std::move(tenant),
                std::move(recipient), std::move(connection.request_id));
    };
    return to;
  }

  void ask_health(std::function<void(health)> then) {
    bridge.ask(around.supervisor, get_health{},
               [then = std::move(then)](caf::expected<health> answer) {
                 then(answer ? std::move(*answer) : health{});
               });
  }

  edge_neighbours around;
  http::actor_bridge bridge;
  realtime::handler live;
  http::server server;
  bool stopped = false;
};

edge::edge(const settings& with, const node_keys& keys, std::uint16_t port, std::string public_url,
           edge_neighbours around)
    : parts_(std::make_unique<parts>(with, keys, port, std::move(public_url), std::move(around))) {}

edge::~edge() {
  stop(milliseconds{0});
}

std::optional<start_failure> edge::start() {
  parts_->live.start();
  if (auto wrong = parts_->server.start())
    return start_failure{bad_configuration, *wrong + " (http.listen)"};
  return std::nullopt;
}

void edge::stop(milliseconds limit) {
  if (std::exchange(parts_->stopped, true))
    return;
  parts_->live.stop(limit / 2); // first: a TLS stream stays on the server's loop
  parts_->server.stop(limit / 2);
}

// -- standby
// -----------------------------------------------------------------------------------------

struct standby_edge::parts {
  parts(const settings& with, std::uint16_t port)
      : server(server_settings_of(with.http, port), http::make_standby_api(dependencies())) {}

  http::api_dependencies dependencies() {
    http::api_dependencies to;
    to.node_health = [this](const std::function<void(health)>& then) {
      std::lock_guard guard{mutex};
      then({false, nlohmann::json{{"state", "standby"}, {"holder", holder}}.dump()});
    };
    to.metrics = [this] { return server.metrics(); };
    return to;
  }

  std::mutex mutex;
  std::string holder;
  http::server server;
};

standby_edge::standby_edge(const settings& with, std::uint16_t port)
    : parts_(std::make_unique<parts>(with, port)) {
  if (auto wrong = parts_->server.start())
    spdlog::error("a standby cannot be asked how it fares: {}", *wrong);
}

standby_edge::~standby_edge() {
  parts_->server.stop(milliseconds{100});
}

void standby_edge::set_holder(std::string holder) {
  std::lock_guard guard{parts_->mutex};
  parts_->holder = std::move(holder);
}

} // namespace carillon::daemon
