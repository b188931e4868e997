#include "actors/supervisor/supervisor.hpp"

#include "messages/errors.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace carillon {

supervisor_actor::behavior_type supervisor_state::make_behavior(supervisor_arguments args) {
  args_ = std::move(args);
  self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { on_down(m); });
  for (const auto& [what, handle] : args_.essential)
    self_->monitor(handle);
  return {
      [this](const start_node&) {
        start();
        return caf::unit;
      },
      [this](const get_health&) { return describe(); },
      [this](const journal_health& m) {
        journal_[m.lane] = m;
        if (m.state == journal_state::fenced)
          end(node_end::fenced, m.detail);
      },
      [this](const partition_ready& m) { on_partition_ready(m.partition); },
      [this](const restart_due& m) {
        if (draining_)
          return;
        spawn(m.partition);
        publish();
        load({m.partition});
      },
      [this](const clock_changed&) {
        for (const auto& s : slots_)
          if (s.handle)
            self_->send(s.handle, clock_changed{});
      },
      [this](const drain&) { return on_drain(); },
  };
}

// -- starting -------------------------------------------------------------------------------------

/// All partitions at once: each lane hands them their facts in one scan.
void supervisor_state::start() {
  std::vector<partition_id> all;
  for (std::size_t i = 0; i < partition_count; ++i) {
    all.push_back({static_cast<std::uint8_t>(i)});
    spawn(all.back());
  }
  publish();
  load(all);
}

void supervisor_state::spawn(partition_id p) {
  auto& s = slots_[p.value];
  s.handle = args_.spawn_partition(p, caf::actor_cast<supervisor_actor>(self_));
  s.ready = false;
  self_->monitor(s.handle);
}

void supervisor_state::load(const std::vector<partition_id>& which) {
  std::vector<load_partitions> by_lane(args_.lanes.size());
  for (auto p : which)
    by_lane[p.value % args_.lanes.size()].partitions.emplace_back(p, slots_[p.value].handle);
  for (std::size_t lane = 0; lane < by_lane.size(); ++lane)
    if (!by_lane[lane].partitions.empty())
      // Untyped: CAF answers unit_t with an empty message, which a typed request does not take.
      self_
          ->request(caf::actor_cast<caf::actor>(args_.lanes[lane]), caf::infinite,
                    std::move(by_lane[lane]))
          .then([] {}, [this, lane](const caf::error& e) { on_load_failed(lane, e); });
}

/// The database went away while partitions were being replayed: they start anew until it is back.
void supervisor_state::on_load_failed(std::size_t lane, const caf::error& why) {
  if (code_of(why) == errc::fenced)
    return end(node_end::fenced, "another node owns the journal");
  spdlog::warn("lane {} cannot be read: {}", lane, render(why));
  for (std::size_t i = lane; i < partition_count; i += args_.lanes.size())
    if (slots_[i].handle && !slots_[i].ready)
      self_->send_exit(slots_[i].handle, make_error(errc::journal_unavailable));
}

void supervisor_state::publish() {
  auto table = std::make_shared<partition_table>();
  for (std::size_t i = 0; i < partition_count; ++i)
    (*table)[i] = slots_[i].handle;
  know_partitions m{std::move(table)};
  self_->send(args_.intake, m);
  for (const auto& p : args_.projectors)
    self_->send(p, m);
  if (args_.hub)
    self_->send(args_.hub, m);
  if (args_.housekeeper)
    self_->send(args_.housekeeper, m);
}

void supervisor_state::on_partition_ready(partition_id p) {
  auto& s = slots_[p.value];
  if (s.ready)
    return;
  s.ready = true;
  s.waits = 0;
  args_.count->partitions_ready.set(++ready_);
  if (ready_ == partition_count && !announced_) {
    announced_ = true;
    args_.on_ready();
  } else if (announced_) {
    publish(); // live sessions ask again
  }
}

// -- failing --------------------------------------------------------------------------------------

void supervisor_state::on_down(const caf::down_msg& m) {
  if (draining_)
    return;
  for (const auto& [what, handle] : args_.essential)
    if (m.source == handle.address())
      return end(node_end::failed, what + " ended: " + render(m.reason));
  for (std::size_t i = 0; i < partition_count; ++i)
    if (slots_[i].handle && m.source == slots_[i].handle.address())
      return restart_later({static_cast<std::uint8_t>(i)}, m.reason);
}

void supervisor_state::restart_later(partition_id p, const caf::error& why) {
  auto& s = slots_[p.value];
  if (s.ready)
    args_.count->partitions_ready.set(--ready_);
  s.ready = false;
  s.handle = partition_actor{};
  publish();
  if (code_of(why) == errc::fenced)
    return end(node_end::fenced, "another node owns the journal");
  auto now = args_.time->now();
  while (!s.restarts.empty() && s.restarts.front() < now - args_.restarts.window)
    s.restarts.pop_front();
  // An absent database is no fault of the partition, and comes back.
  if (code_of(why) != errc::journal_unavailable)
    s.restarts.push_back(now);
  if (s.restarts.size() > args_.restarts.most)
    return end(node_end::failed,
               "partition " + std::to_string(p.value) + " keeps failing: " + render(why));
  auto wait = std::min(args_.restarts.first_wait * (std::int64_t{1} << std::min(s.waits, 16U)),
                       args_.restarts.longest_wait);
  ++s.waits;
  args_.count->partition_restarts.add();
  spdlog::warn("partition {} stopped ({}), restarts in {} ms", p.value, render(why),
               std::chrono::duration_cast<std::chrono::milliseconds>(wait).count());
  self_->delayed_send(supervisor_actor{self_}, std::chrono::duration_cast<caf::timespan>(wait),
                      restart_due{p});
}

void supervisor_state::end(node_end how, const std::string& why) {
  if (draining_)
    return;
  draining_ = true;
  args_.on_end(how, why);
}

// -- stopping -------------------------------------------------------------------------------------

/// Drain, in the order in which things depend on each other; then exit; a stage that does not
/// answer in its share of the time is passed over. The daemon kills what is left: both lose
/// nothing.
caf::result<drained> supervisor_state::on_drain() {
  auto promise = self_->make_response_promise<drained>();
  drains_.push_back(promise);
  if (drains_.size() > 1)
    return promise;
  draining_ = true;
  drain_rest(0);
  return promise;
}

void supervisor_state::drain_rest(std::size_t stage) {
  std::vector<partition_actor> partitions;
  switch (stage) {
  case 0:
    return drain_all(std::vector<intake_actor>{args_.intake}, stage);
  case 1:
    for (const auto& s : slots_)
      if (s.handle && s.ready)
        partitions.push_back(s.handle);
    return drain_all(partitions, stage);
  case 2:
    return drain_all(args_.senders, stage);
  case 3:
    return drain_all(args_.hub ? std::vector<hub_actor>{args_.hub} : std::vector<hub_actor>{},
                     stage);
  case 4:
    return drain_all(args_.lanes, stage);
  case 5:
    return drain_all(args_.projectors, stage);
  default:
    stop_all();
    for (auto& promise : drains_)
      promise.deliver(drained{});
    drains_.clear();
  }
}

template <class Actors>
void supervisor_state::drain_all(const Actors& actors, std::size_t stage) {
  if (actors.empty())
    return drain_rest(stage + 1);
  auto open = std::make_shared<std::size_t>(actors.size());
  auto done = [this, open, stage] {
    if (--*open == 0)
      drain_rest(stage + 1);
  };
  auto share = args_.drain_timeout / (stage == 1 ? 2 : 8);
  for (const auto& a : actors)
    self_->request(a, std::chrono::duration_cast<caf::timespan>(share), drain{})
        .then([done](const drained&) { done(); },
              [done, stage](const caf::error&) {
                spdlog::warn("drain stage {}: an actor did not answer in time", stage);
                done();
              });
}

void supervisor_state::stop_all() {
  for (auto& s : slots_)
    if (s.handle)
      self_->send_exit(s.handle, caf::exit_reason::user_shutdown);
  for (auto& x : args_.senders)
    self_->send_exit(x, caf::exit_reason::user_shutdown);
  self_->send_exit(args_.intake, caf::exit_reason::user_shutdown);
  if (args_.hub)
    self_->send_exit(args_.hub, caf::exit_reason::user_shutdown);
  if (args_.housekeeper)
    self_->send_exit(args_.housekeeper, caf::exit_reason::user_shutdown);
  for (auto& x : args_.lanes)
    self_->send_exit(x, caf::exit_reason::user_shutdown);
  for (auto& x : args_.projectors)
    self_->send_exit(x, caf::exit_reason::user_shutdown);
  for (auto& s : slots_)
    s.handle = partition_actor{};
  args_.spawn_partition = nullptr;
}

health supervisor_state::describe() const {
  auto journal = std::all_of(journal_.begin(), journal_.end(), [](const auto& x) {
    return x.second.state == journal_state::ok || x.second.state == journal_state::slow;
  });
  nlohmann::json lanes = nlohmann::json::array();
  for (const auto& [lane, h] : journal_)
    lanes.push_back({{"lane", lane}, {"state", to_string(h.state)}, {"detail", h.detail}});
  nlohmann::json out{{"partitions_ready", ready_},
                     {"partitions", partition_count},
                     {"draining", draining_},
                     {"journal", std::move(lanes)}};
  return {ready_ == partition_count && journal && !draining_, out.dump()};
}

supervisor_actor::behavior_type supervisor(
    supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
