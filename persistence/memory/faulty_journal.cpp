#include "persistence/memory/faulty_journal.hpp"

#include "messages/errors.hpp"

namespace carillon::persistence {

faulty_journal_state::faulty_journal_state(
    journal_actor::stateful_pointer<faulty_journal_state> self)
    : self_(self) {}

journal_actor::behavior_type faulty_journal_state::make_behavior(journal_actor behind,
                                                                 std::shared_ptr<fault_plan> plan) {
  behind_ = std::move(behind);
  plan_ = std::move(plan);
  random_.seed(plan_->seed);
  return {
      [this](append& what) { return on_append(what); },
      [this](const load_partitions& what) {
        for (const auto& [partition, owner] : what.partitions)
          failed_[partition.value] = false;
        return self_->delegate(behind_, what);
      },
      [this](const drain& what) { return self_->delegate(behind_, what); },
      [](const flush_due&) {},
  };
}

journal_actor::behavior_type faulty_journal(
    journal_actor::stateful_pointer<faulty_journal_state> self, journal_actor behind,
    std::shared_ptr<fault_plan> plan) {
  return self->state.make_behavior(std::move(behind), std::move(plan));
}

bool faulty_journal_state::happens(std::atomic<std::uint32_t>& count,
                                   const std::atomic<double>& chance) {
  auto wanted = count.load();
  while (wanted > 0)
    if (count.compare_exchange_weak(wanted, wanted - 1))
      return true;
  return chance > 0 && std::uniform_real_distribution<>{}(random_) < chance;
}

caf::typed_response_promise<appended> faulty_journal_state::on_append(append& what) {
  auto answer = self_->make_response_promise<appended>();
  auto& failed = failed_[what.partition.value];
  if (failed) {
    answer.deliver(make_error(errc::rejected_row, "an earlier append failed"));
    return answer;
  }
  if (happens(plan_->fail_before, plan_->chance_before)) {
    failed = true;
    ++plan_->faults;
    answer.deliver(make_error(errc::rejected_row, "injected before the write"));
    return answer;
  }
  bool after = happens(plan_->fail_after, plan_->chance_after);
  if (after) {
    failed = true;
    ++plan_->faults;
  }
  self_->request(behind_, caf::infinite, std::move(what))
      .then(
          [answer, after](const appended& written) mutable {
            if (after)
              answer.deliver(make_error(errc::journal_unavailable, "injected after the write"));
            else
              answer.deliver(written);
          },
          [answer](caf::error& why) mutable { answer.deliver(std::move(why)); });
  return answer;
}

} // namespace carillon::persistence
