#include "actors/hub/hub_model.hpp"

#include <algorithm>
#include <bit>

namespace carillon {

namespace {

/// Frames held for one waiting session; over it they are dropped and asked for again.
constexpr std::size_t held_limit = 1024;

} // namespace

// -- sessions ---------------------------------------------------------------------

hub_requests hub_model::open(const session_opened& what) {
  hub_requests out;
  if (draining_) {
    what.session->close(closing::draining);
    return out;
  }
  auto number = next_++;
  auto& who = *(by_number_[number] = std::make_unique<live>());
  who.session = what.session;
  who.tenant = what.tenant;
  who.recipient = what.recipient;
  who.number = number;
  who.last = what.offset;
  who.fresh = what.fresh;
  numbers_[what.session.get()] = number;
  auto& group = audiences_.get(what.tenant, what.recipient);
  if (group.sessions.empty())
    group.owner = partition_of(what.tenant, what.recipient);
  group.sessions.push_back(&who);
  ask(who, out);
  return out;
}

hub_requests hub_model::close(const session_closed& what) {
  hub_requests out;
  if (auto i = numbers_.find(what.session.get()); i != numbers_.end())
    remove(*by_number_[i->second], out);
  return out;
}

void hub_model::remove(live& who, hub_requests& out) {
  auto* group = audiences_.find(who.tenant, who.recipient);
  std::erase(group->sessions, &who);
  if (group->sessions.empty()) {
    out.watches.push_back({who.tenant, who.recipient, false});
    audiences_.erase(who.tenant, who.recipient);
  }
  numbers_.erase(who.session.get());
  std::erase(paused_, who.number);
  by_number_.erase(who.number);
}

void hub_model::dismiss(live& who, std::string_view why, hub_requests& out) {
  auto session = who.session;
  remove(who, out);
  session->close(why);
}

void hub_model::drain() {
  draining_ = true;
  for (auto& [number, who] : by_number_)
    who->session->close(closing::draining);
}

hub_model::live* hub_model::find(std::uint64_t session) {
  auto i = by_number_.find(session);
  return i == by_number_.end() ? nullptr : i->second.get();
}

// -- frames -----------------------------------------------------------------------

hub_requests hub_model::on_frame(const live_frame_ptr& frame) {
  hub_requests out;
  if (auto* group = audiences_.find(frame->tenant, frame->recipient))
    for (auto* who : group->sessions)
      offer(*who, frame, out);
  return out;
}

void hub_model::offer(live& who, const live_frame_ptr& frame, hub_requests& out) {
  if (who.waiting) {
    if (who.held.size() == held_limit)
      who.held.clear(); // the gap is seen, and asked for, after the answer
    who.held.push_back(frame);
    return;
  }
  if (frame->offset <= who.last)
    return;
  if (frame->offset == who.last + 1)
    return push(who, frame);
  ask(who, out);
  who.held.push_back(frame);
}

void hub_model::push(live& who, const live_frame_ptr& frame) {
  who.session->push(frame);
  who.last = frame->offset;
  ++frames_;
}

// -- questions --------------------------------------------------------------------

void hub_model::ask(live& who, hub_requests& out) {
  who.waiting = true;
  ++who.round;
  out.watches.push_back({who.tenant, who.recipient, true});
  out.questions.push_back(
      {{who.tenant, who.recipient, who.last, who.fresh}, who.number, who.round});
}

hub_requests hub_model::on_answer(std::uint64_t session, std::uint32_t round,
                                  const inbox_resumed& answer) {
  hub_requests out;
  auto* who = find(session);
  if (!who || !who->waiting || who->round != round)
    return out;
  if (!who->greeted) {
    who->session->resumed(answer);
    frames_ += answer.frames.size();
  } else if (!answer.recovered) {
    // Its client must learn that something is missing: it comes back and is told in its `hello`.
    dismiss(*who, closing::unrecovered, out);
    return out;
  } else {
    for (const auto& frame : answer.frames)
      if (frame->offset > who->last)
        push(*who, frame);
  }
  who->greeted = true;
  who->fresh = false;
  who->last = answer.offset;
  release(*who);
  return out;
}

void hub_model::release(live& who) {
  who.waiting = false;
  auto held = std::move(who.held);
  who.held = {};
  std::stable_sort(held.begin(), held.end(),
                   [](const auto& a, const auto& b) { return a->offset < b->offset; });
  auto i = held.begin();
  for (; i != held.end() && (*i)->offset <= who.last + 1; ++i)
    if ((*i)->offset > who.last)
      push(who, *i);
  if (i == held.end()) {
    who.failures = 0;
    return;
  }
  who.held.assign(i, held.end());
  who.waiting = true;
  pause(who);
}

void hub_model::on_failure(std::uint64_t session, std::uint32_t round) {
  auto* who = find(session);
  if (who && who->waiting && who->round == round)
    pause(*who);
}

void hub_model::pause(live& who) {
  ++who.failures;
  ++who.round;
  auto ticks = std::uint64_t{1} << std::min(who.failures - 1, 31U);
  who.ask_at = tick_ + std::min<std::uint64_t>(ticks, patience_.longest_pause);
  paused_.push_back(who.number);
}

hub_requests hub_model::on_tick() {
  hub_requests out;
  ++tick_;
  auto due = std::partition(paused_.begin(), paused_.end(),
                            [&](auto number) { return find(number)->ask_at > tick_; });
  std::vector<std::uint64_t> numbers(due, paused_.end());
  paused_.erase(due, paused_.end());
  for (auto number : numbers) {
    auto& who = *find(number);
    if (who.failures >= patience_.tries)
      dismiss(who, closing::unavailable, out);
    else
      ask(who, out);
  }
  return out;
}

hub_requests hub_model::on_owners(const partition_table& owners) {
  hub_requests out;
  std::array<bool, partition_count> moved{};
  for (std::size_t i = 0; i < partition_count; ++i)
    moved[i] = owners[i] && owners[i] != owners_[i];
  owners_ = owners;
  for (auto& [number, who] : by_number_) {
    if (!moved[audiences_.find(who->tenant, who->recipient)->owner.value])
      continue;
    std::erase(paused_, number);
    ask(*who, out);
  }
  return out;
}

} // namespace carillon
