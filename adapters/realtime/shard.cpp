#include "adapters/realtime/shard.hpp"

#include "adapters/realtime/node_state.hpp"
#include "adapters/realtime/session.hpp"

namespace carillon::realtime {

shard::shard(boost::asio::any_io_executor loop, std::shared_ptr<node_state> node)
    : mailbox_(std::make_shared<mailbox>(loop)), node_(std::move(node)), timer_(loop) {
  // nop
}

std::chrono::steady_clock::time_point shard::now() const {
  return node_->settings.now ? node_->settings.now() : std::chrono::steady_clock::now();
}

void shard::start_ticking() {
  ticking_ = node_->settings.tick.count() > 0;
  if (!ticking_)
    return;
  timer_.expires_after(node_->settings.tick);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code) {
    if (!self->ticking_)
      return;
    self->check_deadlines();
    self->start_ticking();
  });
}

void shard::stop_ticking() {
  ticking_ = false;
  timer_.cancel();
}

void shard::check_deadlines() {
  auto at = now();
  for_each([at](session& who) { who.check_deadline(at); });
}

void shard::for_each(const std::function<void(session&)>& what) {
  // From the back: whoever ends meanwhile is replaced by one that was already seen.
  for (auto i = sessions_.size(); i-- > 0;) {
    if (i >= sessions_.size())
      continue;
    auto who = sessions_[i];
    what(*who);
  }
}

void shard::add(std::shared_ptr<session> who) {
  who->place = sessions_.size();
  sessions_.push_back(std::move(who));
}

void shard::remove(session& who) {
  auto last = std::move(sessions_.back());
  sessions_.pop_back();
  if (last.get() == &who)
    return;
  last->place = who.place;
  std::swap(sessions_[who.place], last);
}

} // namespace carillon::realtime
