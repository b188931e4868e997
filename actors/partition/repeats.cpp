// Events that were here before: they are answered, and nothing is done again.
#include "messages/errors.hpp"

#include "actors/partition/planning.hpp"

namespace carillon {

caf::result<events_recalled> partition_state::on_recall(const recall_events& m) {
  if (!ready_ || draining_)
    return unavailable();
  events_recalled found;
  for (const auto& key : m.events)
    found.known.push_back(model_->events.is_kept(key));
  auto promise = self_->make_response_promise<events_recalled>();
  answer_after(next_sequence_ - 1, promise, std::move(found));
  return promise;
}

/// Events that were planned long ago are only bits of a filter: a hit is looked up before it is
/// planned again.
void partition_state::recall_forgotten(const planning_ptr& p) {
  for (const auto& key : p->keys) {
    if (model_->events.find(key) || !model_->events.maybe_forgotten(key))
      continue;
    ++p->recalls;
    self_
        ->request(args_.store, std::chrono::seconds{10},
                  find_event{args_.id, p->request.tenant, key})
        .then(
            [this, p, key](const event_found& x) {
              for (const auto& id : x.ids)
                model_->events.remember(key, id, p->at);
              recalled(p);
            },
            [this, p](const caf::error& e) {
              p->unreadable = e;
              recalled(p);
            });
  }
  recalled(p);
}

void partition_state::recalled(const planning_ptr& p) {
  if (--p->recalls != 0)
    return;
  if (p->unreadable)
    return give(p->promise, p->unreadable);
  sort_out(p);
}

void partition_state::answer_repeat(const planning_ptr& p, std::size_t index,
                                    const std::vector<notification_id>& ids) {
  p->reply.items[index].duplicate = true;
  for (const auto& id : ids) {
    ++p->open;
    with_entry(
        p->request.tenant, id,
        [this, p, index](notification_entry* e) {
          if (e != nullptr)
            p->reply.items[index].notifications.push_back({e->state.id, e->state.recipient,
                                                           e->state.plan->type, e->state.now,
                                                           e->state.ordinal});
          finish(p);
        },
        [this, p, index](const caf::error&) { // it cannot be read now: the client repeats
          p->reply.items[index].failed = true;
          finish(p);
        });
  }
}

} // namespace carillon
