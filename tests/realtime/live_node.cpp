#include "tests/realtime/live_node.hpp"

#include "messages/errors.hpp"

#include "actors/hub/hub.hpp"
#include "actors/inbox/inbox_model.hpp"
#include "tests/support/inbox_facts.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <map>

namespace carillon::test {

struct post_one {
  std::string recipient;
  std::string title;
  std::size_t count = 1;
};
struct posted {
  notification_id id;
};
struct refuse_all {
  bool refuse = true;
};
struct know_hub {
  hub_actor hub;
};

} // namespace carillon::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::carillon::test::post_one)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::carillon::test::posted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::carillon::test::refuse_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::carillon::test::know_hub)

namespace carillon::test {

namespace {

using boost::asio::ip::tcp;
using error_code = boost::system::error_code;
namespace http = boost::beast::http;

/// Intake, partition and journal of everybody: what it decides is durable at once.
class owner_state {
public:
  static inline const char* name = "owner";

  explicit owner_state(caf::stateful_actor<owner_state>* self) : self_(self), model_(seal_) {}

  caf::behavior make_behavior() {
    return {
        [this](const know_hub& m) { hub_ = m.hub; },
        [this](const refuse_all& m) { refuse_ = m.refuse; },
        [this](const post_one& m) { return post(m); },
        [this](const watch_inbox& m) { model_.watch(m); },
        [this](const resume_inbox& m) -> caf::result<inbox_resumed> {
          if (refuse_)
            return make_error(errc::not_ready);
          return model_.resume(m, monday_);
        },
        [this](const inbox_command& m) -> caf::result<answer> {
          if (refuse_)
            return make_error(errc::overloaded);
          return change(m);
        },
    };
  }

private:
  inbox_writer& writer(const std::string& recipient) {
    auto [i, is_new] = writers_.try_emplace(recipient, recipient);
    if (is_new)
      model_.know(i->second.key());
    return i->second;
  }

  posted post(const post_one& what) {
    auto& write = writer(what.recipient);
    notification_id id;
    for (std::size_t i = 0; i < what.count; ++i) {
      auto f = write.post(what.title, monday_);
      id = f.id;
      keep(write, f);
    }
    return {id};
  }

  answer change(const inbox_command& what) {
    auto proposal = model_.decide(what, monday_);
    auto& write = writer(what.recipient.str());
    for (const auto& [id, change] : proposal.changes)
      keep(write, write.change(id, change.what, change.action));
    return proposal.reply;
  }

  void keep(inbox_writer& write, const applied_fact& f) {
    model_.apply(f, true, monday_);
    if (model_.is_watched(inbox_writer::tenant, write.who()))
      for (auto& frame : model_.frames_after(inbox_writer::tenant, write.who(), write.offset() - 1))
        self_->send(hub_, std::move(frame));
  }

  caf::stateful_actor<owner_state>* self_;
  plain_sealer seal_;
  inbox_model model_;
  hub_actor hub_;
  std::map<std::string, inbox_writer> writers_;
  timestamp monday_{std::chrono::seconds{1'795'424'400}};
  bool refuse_ = false;
};

caf::behavior owner(caf::stateful_actor<owner_state>* self) {
  return self->state.make_behavior();
}

/// A request being read, as the HTTP server would.
template <class Stream>
struct arriving : std::enable_shared_from_this<arriving<Stream>> {
  arriving(Stream s, realtime::handler& to) : stream(std::move(s)), handler(to) {}

  void read() {
    http::async_read(stream, buffer, request,
                     [self = this->shared_from_this()](error_code ec, std::size_t) {
                       if (!ec)
                         self->hand_over();
                     });
  }
  void hand_over() {
    std::string recipient{request.target().substr(1)};
    handler.take(given(), std::move(request), "default", recipient, "request-1");
  }

  realtime::stream_socket given() {
    if constexpr (std::is_same_v<Stream, tcp::socket>)
      return std::move(stream);
    else
      return std::make_unique<Stream>(std::move(stream));
  }

  Stream stream;
  realtime::handler& handler;
  boost::beast::flat_buffer buffer;
  realtime::stream_request request;
};

} // namespace

live_node::live_node(realtime::realtime_settings settings, boost::asio::ssl::context* tls)
    : system_(config_), tls_(tls), acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}),
      port_(acceptor_.local_endpoint().port()) {
  owner_ = system_.spawn(owner);
  auto intake = caf::actor_cast<intake_actor>(owner_);
  hub_ = system_.spawn(hub, hub_arguments{intake, &numbers_, {4, 2}, std::chrono::milliseconds{5}});
  caf::anon_send(owner_, know_hub{hub_});
  settings.tick = std::chrono::milliseconds{0};
  settings.now = [this] { return clock_.now(); };
  handler_ = std::make_unique<realtime::handler>(
      realtime::neighbours{&system_, hub_, intake, &numbers_}, std::move(settings));
  handler_->start();
  listen();
  thread_ = std::thread([this] { io_.run(); });
}

live_node::~live_node() {
  handler_->stop(std::chrono::milliseconds{0});
  io_.stop();
  thread_.join();
  caf::anon_send_exit(hub_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
}

void live_node::listen() {
  acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
    if (ec)
      return;
    serve(std::move(socket));
    listen();
  });
}

void live_node::serve(tcp::socket socket) {
  // Small, so that a client that does not read is felt soon, whatever the system's default.
  socket.set_option(boost::asio::socket_base::send_buffer_size{64 * 1024});
  if (!tls_)
    return std::make_shared<arriving<tcp::socket>>(std::move(socket), *handler_)->read();
  auto next = std::make_shared<arriving<realtime::tls_socket>>(
      realtime::tls_socket{std::move(socket), *tls_}, *handler_);
  next->stream.async_handshake(realtime::tls_socket::server, [next](error_code ec) {
    if (!ec)
      next->read();
  });
}

notification_id live_node::post(const std::string& recipient, const std::string& title) {
  notification_id id;
  caf::scoped_actor self{system_};
  self->request(owner_, std::chrono::seconds{10}, post_one{recipient, title})
      .receive([&](const posted& given) { id = given.id; }, [](const caf::error&) {});
  return id;
}

void live_node::post_many(const std::string& recipient, std::size_t count, std::size_t size) {
  caf::anon_send(owner_, post_one{recipient, std::string(size, 'x'), count});
}

void live_node::refuse_everything(bool refuse) {
  caf::anon_send(owner_, refuse_all{refuse});
}

void live_node::advance(std::chrono::milliseconds d) {
  clock_.advance(d);
  handler_->tick();
}

bool live_node::wait_for_sessions(std::size_t count) {
  return wait_for([&] { return handler_->sessions() == count; });
}

} // namespace carillon::test
