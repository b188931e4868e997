#pragma once

#include "messages/errors.hpp"

#include <caf/expected.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/response_type.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace carillon::http {

/// The only crossing from the I/O threads to the actors: asks an actor and calls back when it
/// answers. Owned by the composition root, outlives the server. Costs one message and no actor a
/// request: the answers arrive at one mailbox-less actor, which runs the callback at once, on the
/// answering actor's thread. So a callback is short and never blocks; a responder may be called
/// from it. No answer, no callback: the server's own request deadline covers that.
class actor_bridge {
public:
  explicit actor_bridge(caf::actor_system& system);
  ~actor_bridge(); ///< Waits for the callbacks that run, forgets the others.
  actor_bridge(const actor_bridge&) = delete;
  actor_bridge& operator=(const actor_bridge&) = delete;

  template <class Handle, class Message>
  using reply_of
      = caf::detail::tl_head_t<caf::response_type_t<typename Handle::signatures, Message>>;

  /// Asks. `then` gets the reply, or the error: also for an empty handle, for an actor that is
  /// gone, and for a reply of another type.
  template <class Handle, class Message>
  void ask(const Handle& whom, Message what,
           std::function<void(caf::expected<reply_of<Handle, Message>>)> then) {
    using reply = reply_of<Handle, Message>;
    if (closed())
      return;
    auto on_answer = [then = std::move(then)](caf::type_erased_tuple& content) {
      if constexpr (std::is_same_v<reply, caf::unit_t>) {
        if (content.match_elements<caf::error>())
          then(content.get_as<caf::error>(0));
        else
          then(caf::unit);
      } else {
        if (content.match_elements<reply>())
          then(content.move_if_unshared<reply>(0));
        else if (content.match_elements<caf::error>())
          then(content.get_as<caf::error>(0));
        else
          then(make_error(errc::not_ready, "an answer of an unexpected type"));
      }
    };
    auto target = caf::actor_cast<caf::strong_actor_ptr>(whom);
    if (!target)
      return then_missing<reply>(std::move(on_answer));
    const auto id = remember(std::move(on_answer));
    send(target, id, caf::make_message(std::move(what)));
  }

  /// Requests that have had no answer yet.
  std::size_t pending() const;

private:
  [[nodiscard]] bool closed() const;

  using on_answer_type = std::function<void(caf::type_erased_tuple&)>;

  template <class Reply>
  void then_missing(on_answer_type on_answer) {
    auto content = caf::make_message(make_error(errc::not_ready, "nobody to ask"));
    on_answer(content.content());
  }

  std::uint64_t remember(on_answer_type on_answer);
  void send(const caf::strong_actor_ptr& target, std::uint64_t id, caf::message what);

  class inbox;
  caf::strong_actor_ptr self_;
  inbox* inbox_ = nullptr;
};

} // namespace carillon::http
