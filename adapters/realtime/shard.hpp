#pragma once

#include "messages/engine.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace carillon::realtime {

class session;
struct node_state;

/// A client's command was answered; `failure` is empty if it was done.
struct command_done {
  std::string failure;
  std::string_view ref; ///< static: the op
};

/// What other threads tell a session.
struct mail {
  std::shared_ptr<session> to;
  std::variant<live_frame_ptr, std::shared_ptr<const inbox_resumed>, std::string, command_done>
      what;
};

/// Sessions that share one event loop run by one thread: inside, nothing needs a lock or a strand.
/// Takes their mail in one hop for many, and looks at all their deadlines with one timer. Owned by
/// the handler and by its sessions.
class shard : public std::enable_shared_from_this<shard> {
public:
  shard(boost::asio::any_io_executor loop, std::shared_ptr<node_state> node);

  // -- any thread -----------------------------------------------------------------

  /// Hands mail over; dropped once the shard is shut.
  void post(mail what);

  /// Runs something on the loop; dropped once the shard is shut.
  void run(std::function<void()> what);

  /// Nothing is taken any more: the loop may end.
  void shut();

  // -- on the loop ----------------------------------------------------------------

  void start_ticking();
  void stop_ticking();
  void add(std::shared_ptr<session> who);
  void remove(session& who);

  /// Looks at every deadline.
  void check_deadlines();

  /// Does something to every session there is now.
  void for_each(const std::function<void(session&)>& what);

  [[nodiscard]] std::chrono::steady_clock::time_point now() const;
  [[nodiscard]] node_state& node() const {
    return *node_;
  }
  [[nodiscard]] const boost::asio::any_io_executor& loop() const {
    return loop_;
  }

private:
  void deliver();

  boost::asio::any_io_executor loop_;
  std::shared_ptr<node_state> node_;
  std::vector<std::shared_ptr<session>> sessions_; // a session knows its place
  boost::asio::steady_timer timer_;
  bool ticking_ = false;

  std::mutex mutex_;
  std::vector<mail> mail_; // guarded by mutex_
  bool shut_ = false;      // guarded by mutex_
};

} // namespace carillon::realtime
