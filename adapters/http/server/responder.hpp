#pragma once

#include "adapters/http/server/response.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace carillon::http {

struct upgraded_connection; // server/upgrade.hpp

/// What a session offers to the responders of its requests. Both calls may come from any thread.
class answer_sink {
public:
  virtual ~answer_sink() = default;
  virtual void answer(std::uint64_t serial, response&& what) = 0;
  virtual void hand_over(std::uint64_t serial, std::function<void(upgraded_connection&&)> taker)
      = 0;
};

/// The right to answer one request, once, from any thread. Cheap to copy; the first answer wins,
/// later ones and those after the deadline or after the client left do nothing. Keeps the session's
/// memory alive, never its socket.
class responder {
public:
  responder() = default;
  responder(std::shared_ptr<answer_sink> sink, std::uint64_t serial)
      : sink_(std::move(sink)), serial_(serial) {
    // nop
  }

  /// Sends the answer.
  void operator()(response what) const {
    if (sink_)
      sink_->answer(serial_, std::move(what));
  }

  /// Gives the connection away instead of answering: `taker` owns the socket from then on. It is
  /// called on the session's thread, or never if the client has left.
  void hand_over(std::function<void(upgraded_connection&&)> taker) const {
    if (sink_)
      sink_->hand_over(serial_, std::move(taker));
  }

private:
  std::shared_ptr<answer_sink> sink_;
  std::uint64_t serial_ = 0;
};

} // namespace carillon::http
