#include "persistence/postgres/projector.hpp"

#include <spdlog/spdlog.h>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

constexpr auto first_backoff = 100ms;
constexpr auto longest_backoff = 2000ms;
constexpr auto confirm_after = 1200ms;

} // namespace

projector_state::projector_state(projector_actor::stateful_pointer<projector_state> self)
    : self_(self) {}

projector_actor::behavior_type projector_state::make_behavior(projector_options options) {
  options_ = std::move(options);
  writer_ = std::make_unique<projection_writer>(options_.url, options_.lane, options_.lease);
  return {
      [this](const std::shared_ptr<const committed_batch>& batch) { on_batch(*batch); },
      [this](const know_partitions& known) { partitions_ = known.table; },
      [this](const drain&) { return on_drain(); },
      [this](const fold_due&) { on_fold(); },
  };
}

projector_actor::behavior_type projector(projector_actor::stateful_pointer<projector_state> self,
                                         projector_options options) {
  return self->state.make_behavior(std::move(options));
}

void projector_state::on_batch(const committed_batch& batch) {
  gathered_.add(batch);
  if (options_.metrics && options_.lane == 0)
    options_.metrics->projector_lag_positions.set(gathered_.position - written_position_);
  if (!std::exchange(has_news_, true))
    write_at_ = wake_in(options_.fold_for);
}

projector_state::time_point projector_state::wake_in(std::chrono::milliseconds delay) {
  auto at = std::chrono::steady_clock::now() + delay;
  self_->delayed_send(static_cast<projector_actor>(self_), delay, fold_due{});
  return at;
}

void projector_state::on_fold() {
  auto now = std::chrono::steady_clock::now() + 1ms; // timers may be a hair early
  if (has_news_ && now >= write_at_) {
    if (!write()) {
      write_at_ = wake_in(back_off());
      return;
    }
    backoff_ = 0ms;
    tell_partitions();
    if (!std::exchange(confirming_, true))
      confirm_at_ = wake_in(confirm_after);
  } else if (confirming_ && now >= confirm_at_) {
    bool reached = confirm();
    confirming_ = writer_->is_unconfirmed();
    if (confirming_)
      confirm_at_ = wake_in(reached ? confirm_after : back_off());
  }
}

std::chrono::milliseconds projector_state::back_off() {
  backoff_ = std::clamp<std::chrono::milliseconds>(backoff_ * 2, first_backoff, longest_backoff);
  return backoff_;
}

// A commit that did not wait for the disk is looked after once more, also when nothing follows.
bool projector_state::confirm() {
  try {
    writer_->confirm();
    return true;
  } catch (const sql_failure&) {
    return false;
  }
}

bool projector_state::write() {
  try {
    writer_->write(gathered_);
  } catch (const sql_failure& why) {
    spdlog::warn("projector {}: {}; trying again", options_.lane, why.what());
    return false;
  }
  if (options_.metrics) {
    options_.metrics->projector_rows.add(gathered_.lines.size());
    if (options_.lane == 0)
      options_.metrics->projector_lag_positions.set(0);
  }
  written_position_ = gathered_.position;
  gathered_.lines.clear();
  has_news_ = false;
  return true;
}

void projector_state::tell_partitions() {
  if (!partitions_ || written_position_ == 0)
    return;
  for (std::size_t i = options_.lane; i < partition_count; i += options_.lanes)
    if (const auto& owner = (*partitions_)[i])
      self_->send(owner, projected{written_position_});
}

// Bounded: what cannot be written now is written after the next start, from the journal.
drained projector_state::on_drain() {
  if (has_news_ && write())
    tell_partitions();
  return {};
}

} // namespace carillon::persistence
