#include "adapters/realtime/mailbox.hpp"

#include "adapters/realtime/session.hpp"

#include <boost/asio/post.hpp>

namespace carillon::realtime {

void mailbox::post(mail what) {
  std::lock_guard lock{mutex_};
  if (shut_)
    return;
  mail_.push_back(std::move(what));
  if (mail_.size() == 1)
    boost::asio::post(loop_, [self = shared_from_this()] { self->deliver(); });
}

void mailbox::run(std::function<void()> what) {
  std::lock_guard lock{mutex_};
  if (!shut_)
    boost::asio::post(loop_, std::move(what));
}

void mailbox::shut() {
  std::lock_guard lock{mutex_};
  shut_ = true;
}

void mailbox::deliver() {
  std::vector<mail> batch;
  {
    std::lock_guard lock{mutex_};
    batch.swap(mail_);
  }
  for (auto& letter : batch)
    if (auto to = letter.to.lock())
      to->receive(letter);
}

void session_link::resumed(const inbox_resumed& answer) {
  box_->post({to_, std::make_shared<const inbox_resumed>(answer)});
}

void session_link::push(const live_frame_ptr& frame) {
  box_->post({to_, frame});
}

void session_link::close(std::string_view why) {
  box_->post({to_, std::string{why}});
}

void session_link::answered(command_done what) {
  box_->post({to_, std::move(what)});
}

} // namespace carillon::realtime
