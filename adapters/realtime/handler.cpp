#include "adapters/realtime/handler.hpp"

#include "adapters/realtime/node_state.hpp"
#include "adapters/realtime/refusal.hpp"
#include "adapters/realtime/shard.hpp"
#include "adapters/realtime/sse_session.hpp"
#include "adapters/realtime/websocket_session.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace carillon::realtime {

namespace {

using boost::asio::ip::tcp;
namespace http = boost::beast::http;

/// How long the loops may take to end sessions that were cut.
constexpr std::chrono::seconds cut_limit{2};

/// One of our own event loops and its thread.
struct loop {
  explicit loop(const std::shared_ptr<node_state>& node)
      : work(io.get_executor()), home(std::make_shared<shard>(io.get_executor(), node)) {}

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::shared_ptr<shard> home;
  std::thread thread;
};

bool wants_events(const stream_request& request) {
  return request[http::field::accept].find("text/event-stream") != std::string_view::npos;
}

/// The socket again, on another loop. Nothing if it broke.
std::optional<tcp::socket> move_to(boost::asio::io_context& io, tcp::socket& from) {
  boost::system::error_code ec;
  auto protocol = from.local_endpoint(ec).protocol();
  if (ec)
    return std::nullopt;
  auto handle = from.release(ec);
  if (ec)
    return std::nullopt;
  return tcp::socket{io, protocol, handle};
}

} // namespace

struct handler::implementation {
  std::shared_ptr<node_state> node = std::make_shared<node_state>();
  std::vector<std::unique_ptr<loop>> loops;
  std::size_t next_loop = 0; // guarded by mutex
  std::mutex mutex;
  std::map<const void*, std::shared_ptr<shard>> adopted; // by event loop, for TLS; guarded by mutex
  bool started = false;
  bool stopped = false;

  std::vector<std::shared_ptr<shard>> shards();
  loop& choose();
  std::shared_ptr<shard> adopt(const boost::asio::any_io_executor& executor);
  void host(const std::shared_ptr<shard>& home, stream_socket socket, stream_request request,
            std::string tenant, std::string recipient, std::string request_id);
  bool wait_until_gone(std::chrono::milliseconds limit);
};

std::vector<std::shared_ptr<shard>> handler::implementation::shards() {
  std::vector<std::shared_ptr<shard>> all;
  for (auto& own : loops)
    all.push_back(own->home);
  std::lock_guard lock{mutex};
  for (auto& [key, home] : adopted)
    all.push_back(home);
  return all;
}

loop& handler::implementation::choose() {
  std::lock_guard lock{mutex};
  return *loops[next_loop++ % loops.size()];
}

std::shared_ptr<shard> handler::implementation::adopt(
    const boost::asio::any_io_executor& executor) {
  const void* key = &boost::asio::query(executor, boost::asio::execution::context);
  std::lock_guard lock{mutex};
  auto& home = adopted[key];
  if (!home) {
    home = std::make_shared<shard>(executor, node);
    home->run([home = home] { home->start_ticking(); });
  }
  return home;
}

void handler::implementation::host(const std::shared_ptr<shard>& home, stream_socket socket,
                                   stream_request request, std::string tenant,
                                   std::string recipient, std::string request_id) {
  tenant_id whose{std::move(tenant)};
  recipient_id who{std::move(recipient)};
  auto made
      = boost::beast::websocket::is_upgrade(request)
            ? make_websocket_session(home, whose, who, std::move(socket), std::move(request),
                                     std::move(request_id))
            : make_sse_session(home, whose, who, std::move(socket), request, std::move(request_id));
  home->run([made, home] {
    home->add(made);
    if (home->node().draining)
      made->cut();
    else
      made->begin();
  });
}

bool handler::implementation::wait_until_gone(std::chrono::milliseconds limit) {
  std::unique_lock lock{node->mutex};
  return node->all_gone.wait_for(lock, limit, [this] { return node->sessions == 0; });
}

handler::handler(neighbours around, realtime_settings settings)
    : implementation_(std::make_unique<implementation>()) {
  auto& node = *implementation_->node;
  node.settings = std::move(settings);
  node.hub = std::move(around.hub);
  node.numbers = around.numbers;
  node.bridge
      = around.system->spawn(bridge, std::move(around.intake), node.settings.answer_timeout);
}

handler::~handler() {
  stop(std::chrono::milliseconds{0});
}

void handler::start() {
  auto& my = *implementation_;
  for (std::uint32_t i = 0; i < std::max(1U, my.node->settings.threads); ++i) {
    auto& own = *my.loops.emplace_back(std::make_unique<loop>(my.node));
    own.home->run([home = own.home] { home->start_ticking(); });
    own.thread = std::thread([&io = own.io] { io.run(); });
  }
  my.started = true;
}

void handler::take(stream_socket socket, stream_request request, std::string tenant,
                   std::string recipient, std::string request_id) {
  auto& my = *implementation_;
  std::string instance{request.target().substr(0, request.target().find('?'))};
  if (!boost::beast::websocket::is_upgrade(request) && !wants_events(request))
    return refuse(std::move(socket), 406, "Upgrade to a WebSocket or accept text/event-stream.",
                  std::move(instance), std::move(request_id));
  if (my.node->draining || !my.node->admit())
    return refuse(std::move(socket), 503, "No more live sessions now.", std::move(instance),
                  std::move(request_id));
  std::shared_ptr<shard> home;
  if (auto* plain = std::get_if<tcp::socket>(&socket)) {
    auto& own = my.choose();
    auto moved = move_to(own.io, *plain);
    if (!moved)
      return my.node->dismiss();
    home = own.home;
    socket = std::move(*moved);
  } else {
    home = my.adopt(std::get<std::unique_ptr<tls_socket>>(socket)->get_executor());
  }
  my.host(home, std::move(socket), std::move(request), std::move(tenant), std::move(recipient),
          std::move(request_id));
}

bool handler::stop(std::chrono::milliseconds grace) {
  auto& my = *implementation_;
  if (my.stopped)
    return true;
  my.stopped = true;
  my.node->draining = true;
  auto all = my.shards();
  for (auto& home : all)
    home->run([home] {
      home->for_each([](session& who) { who.finish(close_reason::going_away, "going away"); });
    });
  auto polite = !my.started || my.wait_until_gone(grace);
  for (auto& home : all)
    home->run([home] {
      home->for_each([](session& who) { who.cut(); });
      home->stop_ticking();
    });
  if (!polite)
    my.wait_until_gone(cut_limit);
  for (auto& home : all)
    home->shut();
  all.clear();
  {
    std::lock_guard lock{my.mutex};
    my.adopted.clear(); // their loops end before this object does
  }
  for (auto& own : my.loops) {
    own->work.reset();
    own->thread.join();
  }
  caf::anon_send_exit(my.node->bridge, caf::exit_reason::user_shutdown);
  return polite;
}

std::size_t handler::sessions() const {
  return implementation_->node->sessions;
}

void handler::tick() {
  for (auto& home : implementation_->shards()) {
    std::promise<void> done;
    home->run([&] {
      home->check_deadlines();
      done.set_value();
    });
    done.get_future().wait();
  }
}

} // namespace carillon::realtime
