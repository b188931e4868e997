#include "actors/housekeeper/housekeeper.hpp"

#include "messages/errors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

namespace carillon {

static_assert(!std::is_aggregate_v<housekeeper_state>);

namespace {

using verb = tend_segments::verb;

/// Partitions that write their people at the same time: the others' events need the database too.
constexpr std::size_t most_at_once = 16;

std::uint64_t count_settled(const segments_listed& all) {
  return static_cast<std::uint64_t>(
      std::count_if(all.segments.begin(), all.segments.end(),
                    [](const auto& x) { return x.settled_at != no_time; }));
}

} // namespace

/// A segment that is about to be settled: how far each partition has written its people.
struct housekeeper_state::flushing {
  tend_segments what;
  std::size_t next = 0; ///< to be asked
  std::size_t answered = 0;
  std::map<std::size_t, partition_actor> awaited;
};

housekeeper_actor::behavior_type housekeeper_state::make_behavior(housekeeper_arguments args) {
  args_ = std::move(args);
  arm_tick();
  return {
      [this](const know_partitions& m) { on_partitions(m); },
      [this](const tick_due&) { on_tick(); },
      [this](const tend_segments& m) { return on_tend(m); },
      [this](const get_health&) { return on_health(); },
  };
}

// -- rounds -----------------------------------------------------------------------

void housekeeper_state::arm_tick() {
  self_->delayed_send(housekeeper_actor{self_},
                      std::chrono::duration_cast<caf::timespan>(args_.with.look_every), tick_due{});
}

void housekeeper_state::on_tick() {
  arm_tick();
  if (!partitions_ || now_)
    return; // nothing is replayed yet, or a look is under way
  waiting_.emplace_back();
  begin_next();
}

/// `list` only answers; `rotate` begins another segment first, `drop` drops the one it names; then,
/// as for `settle`, whatever is due is done.
caf::result<segments_listed> housekeeper_state::on_tend(const tend_segments& what) {
  if (what.what == verb::list)
    return self_->delegate(args_.store, what);
  auto whose = self_->make_response_promise<segments_listed>();
  waiting_.emplace_back().asked = what;
  waiting_.back().whose = whose;
  begin_next();
  return whose;
}

void housekeeper_state::begin_next() {
  if (now_ || waiting_.empty())
    return;
  now_ = std::move(waiting_.front());
  waiting_.pop_front();
  auto first = now_->asked;
  if (first.what == verb::settle)
    first = {};
  now_->over.rotate = first.what == verb::rotate;
  ask_store(first);
}

void housekeeper_state::ask_store(const tend_segments& what) {
  self_->request(args_.store, caf::infinite, what)
      .then([this, what](const segments_listed& now) { on_answer(what, now); },
            [this](const caf::error& why) { fail(why); });
}

void housekeeper_state::on_answer(const tend_segments& asked, const segments_listed& now) {
  last_ = now;
  gauge();
  if (!now.refused.empty())
    pass_over(asked.what, now.refused);
  else
    log_done(asked);
  proceed();
}

void housekeeper_state::proceed() {
  auto step = next_step(last_.segments, args_.time->now(), args_.with, now_->over);
  if (step == std::exchange(now_->last, step) && step.what != housekeeping_step::kind::none)
    return finish(); // it was said to be done, and is not: not for ever
  switch (step.what) {
  case housekeeping_step::kind::rotate:
    now_->over.rotate = true;
    return ask_store({verb::rotate, 0, {}});
  case housekeeping_step::kind::settle:
    return flush(step.segment);
  case housekeeping_step::kind::drop:
    return ask_store({verb::drop, step.segment, {}});
  case housekeeping_step::kind::none:
    return finish();
  }
}

/// Not in this round.
void housekeeper_state::pass_over(verb what, const std::string& why) {
  spdlog::debug("the journal's segments are left as they are: {}", why);
  (what == verb::drop ? now_->over.drop : now_->over.settle) = true;
  if (now_->refused.empty())
    now_->refused = why;
}

void housekeeper_state::finish() {
  auto done = std::move(*now_);
  now_.reset();
  if (!std::exchange(trouble_, {}).empty())
    spdlog::info("the journal's segments are looked after again");
  if (done.whose) {
    last_.refused = std::move(done.refused);
    done.whose->deliver(last_);
  }
  begin_next();
}

void housekeeper_state::fail(const caf::error& why) {
  auto words = render(why);
  if (words != trouble_)
    spdlog::warn("the journal's segments cannot be looked after: {}; trying again", words);
  trouble_ = std::move(words);
  auto whose = std::move(now_->whose);
  now_.reset();
  if (whose)
    whose->deliver(why);
  begin_next();
}

// -- people -----------------------------------------------------------------------

/// Has everybody written down who is in the segment, then settles it.
void housekeeper_state::flush(std::int32_t segment) {
  auto f = std::make_shared<flushing>();
  f->what.what = verb::settle;
  f->what.segment = segment;
  flushing_ = f;
  while (flushing_ == f && f->next < std::min(most_at_once, partition_count))
    flush_next(f);
}

void housekeeper_state::flush_next(const std::shared_ptr<flushing>& f) {
  auto p = f->next++;
  auto whom = partitions_ ? (*partitions_)[p] : partition_actor{};
  if (!whom)
    return on_not_flushed(f, "partition " + std::to_string(p) + " is not there");
  f->awaited[p] = whom;
  self_->request(whom, caf::infinite, flush_people{})
      .then([this, f, p](const people_flushed& x) { on_flushed(f, p, x.sequence); },
            [this, f, p](const caf::error& why) {
              on_not_flushed(f, "partition " + std::to_string(p) + ": " + render(why));
            });
}

void housekeeper_state::on_flushed(const std::shared_ptr<flushing>& f, std::size_t partition,
                                   std::uint64_t sequence) {
  if (flushing_ != f)
    return;
  f->what.flushed[partition] = sequence;
  f->awaited.erase(partition);
  if (++f->answered == partition_count) {
    flushing_ = nullptr;
    ask_store(f->what);
  } else if (f->next < partition_count) {
    flush_next(f);
  }
}

/// It restarts, or has not read its facts yet: nothing to wait for. What others answer later is
/// not listened to.
void housekeeper_state::on_not_flushed(const std::shared_ptr<flushing>& f, const std::string& why) {
  if (flushing_ != f)
    return;
  flushing_ = nullptr;
  pass_over(verb::settle, why);
  proceed();
}

/// One that ends owes its answers for ever.
void housekeeper_state::on_partitions(const know_partitions& now) {
  partitions_ = now.table;
  if (auto f = flushing_)
    for (const auto& [p, whom] : f->awaited)
      if ((*partitions_)[p] != whom)
        return on_not_flushed(f, "partition " + std::to_string(p) + " restarts");
}

// -- telling ----------------------------------------------------------------------

void housekeeper_state::log_done(const tend_segments& what) const {
  if (what.what == verb::rotate && !last_.segments.empty())
    spdlog::info("segment {} of the journal is begun", last_.segments.back().number);
  else if (what.what == verb::settle)
    spdlog::info("segment {} of the journal is settled: a start does without it", what.segment);
  else if (what.what == verb::drop)
    spdlog::info("segment {} of the journal is dropped", what.segment);
}

void housekeeper_state::gauge() const {
  if (!args_.count)
    return;
  auto settled = count_settled(last_);
  args_.count->segments_settled.set(settled);
  args_.count->segments_open.set(last_.segments.size() - settled);
}

health housekeeper_state::on_health() const {
  auto settled = count_settled(last_);
  nlohmann::json out{{"segments_open", last_.segments.size() - settled},
                     {"segments_settled", settled},
                     {"trouble", trouble_}};
  return {true, out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

housekeeper_actor::behavior_type housekeeper(
    housekeeper_actor::stateful_pointer<housekeeper_state> self, housekeeper_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
