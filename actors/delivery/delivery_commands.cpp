// What a delivery does when it is asked: wake, cancel, report, reschedule, again.
#include "actors/delivery/delivery.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace carillon {

caf::result<answer> delivery_state::on_command(const delivery_command& m) {
  using verb = delivery_command::verb;
  ++handled_;
  retiring_ = false;
  auto now = args_.services->time->now();
  answer done;
  switch (m.what) {
  case verb::cancel:
  case verb::erase:
    return on_cancel(m);
  case verb::wake:
    record(model_->wake(now, awaited()));
    break;
  case verb::report:
    record(model_->report(m.report, now));
    break;
  case verb::confirm_in_app:
    record(model_->confirm_in_app(m.confirmed, now));
    break;
  case verb::reschedule:
    if (calling())
      break;
    if (auto facts = model_->reschedule(m.send_at, m.expires_at, m.note, m.event, now);
        !facts.empty()) {
      args_.context.reset();
      auto p = proposal();
      p.facts.push_back({std::move(facts.front()), m.sealed});
      caf::anon_send(args_.owner, std::move(p));
    }
    break;
  case verb::look_again:
    model_->look_again();
    break;
  case verb::rest:
    self_->quit();
    return done;
  case verb::replay:
  case verb::resend:
  case verb::discard:
    done = on_again(m);
    break;
  }
  pump();
  return done;
}

answer delivery_state::on_again(const delivery_command& m) {
  using verb = delivery_command::verb;
  auto now = args_.services->time->now();
  const auto& s = model_->state();
  if (m.what != verb::resend && s.now != status::dead_lettered)
    return {answer::kind::conflict, {}, {}, "it is not dead-lettered", 0};
  if (m.what == verb::discard) {
    record(model_->discard(m.note, now));
    return {};
  }
  if (s.expires_at != no_time && s.expires_at <= now)
    return {answer::kind::conflict, {}, {}, "it has expired and is not relevant any more", 0};
  if (!s.finished || calling())
    return {answer::kind::conflict, {}, {}, "it is still on its way", 0};
  record(model_->start_again(m.what == verb::replay ? reason::replayed : reason::resent, now));
  return {answer::kind::accepted, {}, {}, {}, 0};
}

answer delivery_state::cancel_answer() const {
  const auto& s = model_->state();
  auto any = [&](auto test) { return std::any_of(s.attempts.begin(), s.attempts.end(), test); };
  std::string result = "cancelled";
  if (std::any_of(s.steps.begin(), s.steps.end(), [](const auto& x) { return accepted(x.now); }))
    result = "already_sent";
  else if (any([](const auto& a) { return a.now == status::outcome_unknown; }))
    result = "outcome_unknown";
  return {answer::kind::ok, R"({"result":")" + result + R"("})", {}, {}, 0};
}

caf::result<answer> delivery_state::on_cancel(const delivery_command& m) {
  cancel_why_ = m.why;
  cancel_note_ = m.note;
  auto promise = self_->make_response_promise<answer>();
  cancels_.push_back(promise);
  if (!calling())
    resolve_cancels();
  return promise;
}

/// A cancel waits for the calls that are out, so that its answer is the truth.
void delivery_state::resolve_cancels() {
  if (cancels_.empty() || calling())
    return;
  auto reply = cancel_answer();
  auto waiting = std::move(cancels_);
  cancels_.clear();
  record(model_->cancel(cancel_why_, cancel_note_, args_.services->time->now()));
  for (auto& promise : waiting)
    promise.deliver(reply);
  pump();
}

} // namespace carillon
