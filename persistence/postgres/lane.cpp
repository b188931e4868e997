#include "persistence/postgres/lane.hpp"

#include "messages/errors.hpp"

#include "persistence/postgres/replay.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr auto first_backoff = 50ms;
constexpr auto longest_backoff = 1000ms;
constexpr std::uint64_t pending_step = 4 << 20; // a change of the backlog worth telling
constexpr std::size_t bytes_per_row = 120;      // what a row costs beside its texts

std::size_t size_of(const append& what) {
  std::size_t bytes = sizeof(append);
  for (const auto& row : what.rows)
    bytes += bytes_per_row + row.body.size() + row.sealed.size();
  for (const auto& item : what.blobs)
    bytes += item.sealed.size();
  return bytes;
}

} // namespace

/// A replay under way: a thread, and what it came to.
struct load_run {
  std::thread thread;
  std::atomic<bool> cancelled{false};
  std::atomic<bool> finished{false};
  std::string problem; ///< written before `finished`

  ~load_run() {
    cancelled = true;
    if (thread.joinable())
      thread.join();
  }
};

lane_state::lane_state(journal_actor::stateful_pointer<lane_state> self) : self_(self) {}

lane_state::~lane_state() = default;

journal_actor::behavior_type lane_state::make_behavior(lane_options options) {
  options_ = std::move(options);
  auto settings = options_.writer;
  settings.on_slow = [this] { tell(journal_state::slow); };
  writer_ = std::make_unique<lane_writer>(std::move(settings));
  return {
      [this](append& what) { return on_append(what); },
      [this](const load_partitions& what) { return on_load(what); },
      [this](const drain&) { return on_drain(); },
      [this](const flush_due&) { on_flush(); },
  };
}

journal_actor::behavior_type lane(journal_actor::stateful_pointer<lane_state> self,
                                  lane_options options) {
  return self->state.make_behavior(std::move(options));
}

// -- gathering ---------------------------------------------------------------

lane_state::reply lane_state::on_append(append& what) {
  auto answer = self_->make_response_promise<appended>();
  if (fenced_) {
    answer.deliver(make_error(errc::fenced, "the journal lane is fenced"));
  } else if (refused_.test(what.partition.value)
             || (what.rows.empty() && !(what.keys.empty() && what.blobs.empty()))) {
    answer.deliver(make_error(errc::rejected_row, "an earlier append was refused"));
  } else {
    entry item{std::move(what), answer, ++last_number_, 0};
    item.bytes = size_of(item.what);
    pending_bytes_ += item.bytes;
    if (options_.metrics)
      options_.metrics->journal_bytes_pending.add(item.bytes);
    gathered_.push_back(std::move(item));
    tell_pending();
    arm();
  }
  return answer;
}

// Behind everything that is in the mailbox by now: that is the batch.
void lane_state::arm() {
  if (std::exchange(armed_, true))
    return;
  self_->send(static_cast<journal_actor>(self_), flush_due{});
}

void lane_state::arm_later() {
  backoff_ = std::clamp<std::chrono::milliseconds>(backoff_ * 2, first_backoff, longest_backoff);
  not_before_ = clock_type::now() + backoff_;
  armed_ = true;
  self_->delayed_send(static_cast<journal_actor>(self_), backoff_, flush_due{});
}

void lane_state::on_flush() {
  finish_loads();
  if (told_position_ < committed_position_ && clock_type::now() >= hold_position_until_)
    tell_projector({});
  if (clock_type::now() < not_before_)
    return; // a replay's end woke us; the retry's own message is on its way
  armed_ = false;
  if (writing_.empty())
    take_batch();
  if (!writing_.empty())
    settle_batch();
  if (!armed_ && !gathered_.empty())
    arm();
  start_loads();
  finish_drain();
}

void lane_state::take_batch() {
  std::size_t rows = 0;
  std::size_t bytes = 0;
  while (!gathered_.empty() && rows < options_.rows_per_commit
         && bytes < options_.bytes_per_commit) {
    rows += gathered_.front().what.rows.size();
    bytes += gathered_.front().bytes;
    writing_.push_back(std::move(gathered_.front()));
    gathered_.pop_front();
    if (alone_ > 0) {
      --alone_;
      break;
    }
  }
  batch_ = {};
  for (auto& item : writing_)
    if (!item.what.rows.empty())
      batch_.appends.push_back(&item.what);
}

// -- writing -----------------------------------------------------------------

void lane_state::settle_batch() {
  if (batch_.appends.empty())
    return acknowledge();
  auto began = clock_type::now();
  switch (writer_->write(batch_)) {
  case write_result::committed:
    if (options_.metrics)
      options_.metrics->commit_time.record(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(clock_type::now() - began)
              .count()));
    acknowledge();
    break;
  case write_result::later:
    spdlog::warn("journal lane {}: {}; trying again", options_.writer.lane, writer_->problem());
    if (options_.metrics)
      options_.metrics->journal_retries.add();
    tell(journal_state::down);
    arm_later();
    break;
  case write_result::data:
    isolate();
    break;
  case write_result::fenced:
    fenced_ = true;
    tell(journal_state::fenced);
    refuse_all(errc::fenced);
    break;
  }
}

void lane_state::acknowledge() {
  std::vector<projection> changes;
  committed_position_ = std::max(committed_position_, batch_.last_position);
  for (auto& item : writing_)
    std::move(item.what.projections.begin(), item.what.projections.end(),
              std::back_inserter(changes));
  tell_projector(std::move(changes)); // first: what the writer then asks of it comes after this
  for (auto& item : writing_)
    answer_written(item);
  writing_.clear();
  if (batch_.appends.empty())
    return;
  backoff_ = 0ms;
  logged_problem_.clear();
  if (options_.metrics)
    options_.metrics->journal_commits.add();
  tell(journal_state::ok);
  tell_pending();
}

void lane_state::answer_written(entry& item) {
  pending_bytes_ -= item.bytes;
  if (options_.metrics) {
    options_.metrics->journal_bytes_pending.sub(item.bytes);
    options_.metrics->journal_rows.add(item.what.rows.size());
  }
  if (item.what.rows.empty())
    item.answer.deliver(appended{});
  else
    item.answer.deliver(appended{item.what.rows.back().sequence, item.what.rows.back().position});
}

// Behind a replay every partition brings the projections that the last run left out. Until they are
// surely here the position stands still: a second crash must not find it ahead of them.
void lane_state::tell_projector(std::vector<projection> changes) {
  if (!options_.projector)
    return;
  auto batch = std::make_shared<committed_batch>();
  batch->lane = options_.writer.lane;
  batch->projections = std::move(changes);
  if (clock_type::now() >= hold_position_until_)
    told_position_ = committed_position_;
  batch->last_position = told_position_;
  self_->send(options_.projector, std::shared_ptr<const committed_batch>{std::move(batch)});
}

// The database takes all of a batch or nothing: to find the append it will never take, they go one
// by one, in order.
void lane_state::isolate() {
  spdlog::error("journal lane {}: {}", options_.writer.lane, writer_->problem());
  if (writing_.size() > 1) {
    alone_ = writing_.size();
    while (!writing_.empty()) {
      gathered_.push_front(std::move(writing_.back()));
      writing_.pop_back();
    }
    return;
  }
  auto partition = writing_.front().what.partition;
  refuse(writing_.front(), errc::rejected_row);
  writing_.clear();
  refuse_partition(partition, errc::rejected_row);
}

void lane_state::refuse(entry& item, errc code) {
  pending_bytes_ -= item.bytes;
  if (options_.metrics)
    options_.metrics->journal_bytes_pending.sub(item.bytes);
  item.answer.deliver(make_error(code, writer_->problem()));
}

void lane_state::refuse_partition(partition_id partition, errc code) {
  refused_.set(partition.value);
  std::deque<entry> kept;
  auto singles = alone_;
  for (std::size_t i = 0; i < gathered_.size(); ++i) {
    auto& item = gathered_[i];
    if (item.what.partition != partition) {
      kept.push_back(std::move(item));
      continue;
    }
    refuse(item, code);
    if (i < singles)
      --alone_;
  }
  gathered_ = std::move(kept);
}

void lane_state::refuse_all(errc code) {
  for (auto* queue : {&writing_, &gathered_}) {
    for (auto& item : *queue)
      refuse(item, code);
    queue->clear();
  }
  for (auto& item : loads_)
    if (!item.run)
      item.answer.deliver(make_error(code, writer_->problem()));
  loads_.remove_if([](const load& item) { return !item.run; });
}

void lane_state::tell(journal_state state) {
  if (state == health_)
    return;
  health_ = state;
  if (options_.metrics && state == journal_state::down)
    options_.metrics->journal_down.add();
  report();
}

// Intake adds up what waits here: it must not go on with a number of long ago.
void lane_state::tell_pending() {
  auto change = std::max(pending_bytes_, told_bytes_) - std::min(pending_bytes_, told_bytes_);
  if (change > pending_step)
    report();
}

void lane_state::report() {
  told_bytes_ = pending_bytes_;
  if (options_.on_health)
    options_.on_health({options_.writer.lane, health_, pending_bytes_,
                        health_ == journal_state::ok ? std::string{} : writer_->problem()});
}

// -- replay ------------------------------------------------------------------

caf::typed_response_promise<caf::unit_t> lane_state::on_load(const load_partitions& what) {
  auto answer = self_->make_response_promise<caf::unit_t>();
  if (fenced_) {
    answer.deliver(make_error(errc::fenced, "the journal lane is fenced"));
    return answer;
  }
  for (const auto& [partition, owner] : what.partitions)
    refused_.reset(partition.value);
  loads_.push_back({what, answer, last_number_, nullptr});
  arm();
  return answer;
}

// A replay shows all that was appended before it was asked for.
void lane_state::start_loads() {
  const auto* oldest = !writing_.empty()    ? &writing_.front()
                       : !gathered_.empty() ? &gathered_.front()
                                            : nullptr;
  for (auto& item : loads_)
    if (!item.run && (oldest == nullptr || oldest->number > item.after))
      start_load(item);
}

void lane_state::start_load(load& item) {
  item.run = std::make_shared<load_run>();
  replay_options how;
  how.url = options_.writer.url;
  how.lane = options_.writer.lane;
  auto owners = std::make_shared<std::array<partition_actor, partition_count>>();
  for (auto& [partition, owner] : item.what.partitions) {
    how.partitions.set(partition.value);
    (*owners)[partition.value] = owner;
  }
  how.cancelled = [run = item.run.get()] { return run->cancelled.load(); };
  replay_sink sink;
  sink.chunk = [owners](partition_id to, replay_chunk_ptr chunk) {
    caf::anon_send((*owners)[to.value], replay_rows{std::move(chunk)});
  };
  sink.end
      = [owners](partition_id to, replay_end end) { caf::anon_send((*owners)[to.value], end); };
  item.run->thread
      = std::thread{[run = item.run.get(), how = std::move(how), sink = std::move(sink),
                     lane = static_cast<journal_actor>(self_)] {
          try {
            replay_lane(how, sink);
          } catch (const std::exception& why) {
            run->problem = why.what();
          }
          run->finished = true;
          caf::anon_send(lane, flush_due{});
        }};
}

void lane_state::finish_loads() {
  for (auto& item : loads_) {
    if (!item.run || !item.run->finished)
      continue;
    if (item.run->problem.empty())
      hold_position();
    if (item.run->problem.empty())
      item.answer.deliver(caf::unit);
    else
      item.answer.deliver(make_error(errc::journal_unavailable, item.run->problem));
  }
  loads_.remove_if([](const load& item) { return item.run && item.run->finished; });
}

void lane_state::hold_position() {
  if (writer_->prepare() == write_result::committed)
    committed_position_ = std::max(committed_position_, writer_->last_position());
  hold_position_until_ = clock_type::now() + options_.hold_position_for;
  self_->delayed_send(static_cast<journal_actor>(self_), options_.hold_position_for + 1ms,
                      flush_due{});
}

// -- ending ------------------------------------------------------------------

caf::typed_response_promise<drained> lane_state::on_drain() {
  drains_.push_back(self_->make_response_promise<drained>());
  auto answer = drains_.back();
  arm();
  return answer;
}

void lane_state::finish_drain() {
  if (!writing_.empty() || !gathered_.empty())
    return;
  for (auto& answer : drains_)
    answer.deliver(drained{});
  drains_.clear();
}

} // namespace carillon::persistence
