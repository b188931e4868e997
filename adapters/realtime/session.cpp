#include "adapters/realtime/session.hpp"

#include "adapters/realtime/node_state.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace carillon::realtime {

namespace {

/// A queue that was long gives its memory back.
constexpr std::size_t kept_capacity = 4;

std::shared_ptr<const std::string> bytes_of(const live_frame_ptr& frame) {
  return {frame, &frame->json};
}

} // namespace

session::session(std::shared_ptr<shard> home, tenant_id tenant, recipient_id recipient)
    : home_(std::move(home)), tenant_(std::move(tenant)), recipient_(std::move(recipient)) {
  due_in(node().settings.first_frame);
}

session::~session() = default;

// -- in ---------------------------------------------------------------------------

void session::receive(mail& what) {
  if (auto* frame = std::get_if<live_frame_ptr>(&what.what))
    on_frame(*frame);
  else if (auto* answer = std::get_if<std::shared_ptr<const inbox_resumed>>(&what.what))
    on_resumed(**answer);
  else if (auto* why = std::get_if<std::string>(&what.what))
    on_hub_close(*why);
  else if (phase_ == phase::live || phase_ == phase::opening)
    on_command_done(std::get<command_done>(what.what));
}

void session::on_resumed(const inbox_resumed& answer) {
  if (phase_ != phase::opening)
    return;
  phase_ = phase::live;
  due_in(node().settings.ping_every);
  enqueue({std::make_shared<const std::string>(word_hello(begun_, answer)),
           stream_start(begun_, answer), false});
  for (const auto& frame : answer.frames)
    enqueue({bytes_of(frame), frame->offset, false});
}

void session::on_frame(const live_frame_ptr& frame) {
  if (phase_ != phase::live || flushing_)
    return;
  const auto& limits = node().settings;
  if (live_frames_ >= limits.queue_frames
      || live_bytes_ + frame->json.size() > limits.queue_bytes) {
    if (node().numbers)
      node().numbers->live_sessions_dropped.add();
    return finish(close_reason::try_again, "too slow");
  }
  enqueue({bytes_of(frame), frame->offset, true});
}

void session::on_hub_close(std::string_view why) {
  finish(why == closing::draining ? close_reason::going_away : close_reason::try_again, why);
}

// -- out --------------------------------------------------------------------------

void session::say(std::string text) {
  enqueue({std::make_shared<const std::string>(std::move(text)), 0, false});
}

void session::enqueue(outgoing frame) {
  if (frame.live) {
    ++live_frames_;
    live_bytes_ += frame.text->size();
  }
  queue_.push_back(std::move(frame));
  if (!writing_)
    write_next();
}

void session::write_next() {
  if (head_ < queue_.size()) {
    writing_ = true;
    return start_write(queue_[head_]);
  }
  queue_.clear();
  head_ = 0;
  if (queue_.capacity() > kept_capacity)
    queue_.shrink_to_fit();
  if (flushing_)
    finish(flush_reason_, "");
}

void session::written(bool ok) {
  writing_ = false;
  if (phase_ == phase::gone)
    return;
  if (!ok)
    return cut();
  auto& frame = queue_[head_++];
  if (frame.live) {
    --live_frames_;
    live_bytes_ -= frame.text->size();
  }
  frame.text.reset();
  if (phase_ != phase::closing)
    write_next();
}

void session::drop_queue() {
  // The first may be in the kernel's hands; its bytes are released when it is written.
  queue_.resize(std::min(queue_.size(), head_ + (writing_ ? 1 : 0)));
}

// -- phases -----------------------------------------------------------------------

void session::open(const begin_op& how) {
  phase_ = phase::opening;
  due_ = std::chrono::steady_clock::time_point::max();
  begun_ = how;
  link_ = std::make_shared<session_link>(home_->letters(), weak_from_this());
  caf::anon_send(node().hub, session_opened{tenant_, recipient_, link_, how.offset, how.fresh});
}

void session::heard() {
  if (phase_ == phase::live)
    due_in(node().settings.ping_every);
}

void session::send_command(inbox_command what) {
  what.tenant = tenant_;
  what.recipient = recipient_;
  auto ref = name_of(what.what);
  auto done = [link = link_, ref](std::string failure) {
    link->answered({std::move(failure), ref});
  };
  caf::anon_send(node().bridge, forward_command{std::move(what), std::move(done)});
}

void session::check_deadline(std::chrono::steady_clock::time_point now) {
  if (now < due_)
    return;
  switch (phase_) {
  case phase::silent:
    return finish(close_reason::policy, "nothing said");
  case phase::live:
    return on_silence();
  case phase::closing:
    return cut();
  default:
    return;
  }
}

void session::finish_after_flush(close_reason why, std::string_view detail) {
  if (phase_ == phase::closing || phase_ == phase::gone)
    return;
  if (!writing_)
    return finish(why, detail);
  flushing_ = true;
  flush_reason_ = why;
}

void session::finish(close_reason why, std::string_view detail) {
  if (phase_ == phase::closing || phase_ == phase::gone)
    return;
  phase_ = phase::closing;
  due_in(node().settings.close_within);
  drop_queue();
  start_close(why, detail);
}

void session::cut() {
  if (phase_ == phase::gone)
    return;
  phase_ = phase::gone;
  auto self = shared_from_this();
  close_socket();
  drop_queue();
  home_->remove(*this);
  if (link_)
    caf::anon_send(node().hub, session_closed{tenant_, recipient_, link_});
  node().dismiss();
}

void session::due_in(std::chrono::milliseconds wait) {
  due_ = home_->now() + wait;
}

} // namespace carillon::realtime
