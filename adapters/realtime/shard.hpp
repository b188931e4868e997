#pragma once

#include "adapters/realtime/mailbox.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace carillon::realtime {

struct node_state;

/// Sessions that share one event loop run by one thread: inside, nothing needs a lock or a strand.
/// Takes their mail in one hop for many, and looks at all their deadlines with one timer. Owned by
/// the handler and by its sessions.
class shard : public std::enable_shared_from_this<shard> {
public:
  shard(boost::asio::any_io_executor loop, std::shared_ptr<node_state> node);

  // -- any thread -----------------------------------------------------------------

  /// Runs something on the loop; dropped once the shard is shut.
  void run(std::function<void()> what) {
    mailbox_->run(std::move(what));
  }

  /// Nothing is taken from other threads any more.
  void shut() {
    mailbox_->shut();
  }

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
  [[nodiscard]] const std::shared_ptr<mailbox>& letters() const {
    return mailbox_;
  }

private:
  std::shared_ptr<mailbox> mailbox_;
  std::shared_ptr<node_state> node_;
  std::vector<std::shared_ptr<session>> sessions_; // a session knows its place
  boost::asio::steady_timer timer_;
  bool ticking_ = false;
};

} // namespace carillon::realtime
