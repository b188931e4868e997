#pragma once

#include "messages/realtime.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carillon::realtime {

class session;

/// A client's command was answered; `failure` is empty if it was done.
struct command_done {
  std::string failure;
  std::string_view ref; ///< static: the op
};

/// What other threads tell a session.
struct mail {
  std::weak_ptr<session> to;
  std::variant<live_frame_ptr, std::shared_ptr<const inbox_resumed>, std::string, command_done>
      what;
};

/// The way into an event loop from other threads, many letters in one hop. May outlive the loop
/// once it is shut.
class mailbox : public std::enable_shared_from_this<mailbox> {
public:
  explicit mailbox(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

  /// Hands mail over; dropped once the mailbox is shut, or when its session is gone.
  void post(mail what);

  /// Runs something on the loop; dropped once the mailbox is shut.
  void run(std::function<void()> what);

  /// Nothing is taken any more: the loop may end.
  void shut();

private:
  void deliver();

  boost::asio::any_io_executor loop_;
  std::mutex mutex_;
  std::vector<mail> mail_; // guarded by mutex_
  bool shut_ = false;      // guarded by mutex_
};

/// A session as the hub and the bridge know it. Holds no socket, so that they may keep it for
/// longer than the loop lives.
class session_link final : public live_session {
public:
  session_link(std::shared_ptr<mailbox> box, std::weak_ptr<session> to)
      : box_(std::move(box)), to_(std::move(to)) {}

  void resumed(const inbox_resumed& answer) override;
  void push(const live_frame_ptr& frame) override;
  void close(std::string_view why) override;
  void answered(command_done what);

private:
  std::shared_ptr<mailbox> box_;
  std::weak_ptr<session> to_;
};

} // namespace carillon::realtime
