#include "persistence/memory/memory_actors.hpp"

#include "messages/errors.hpp"

namespace carillon::persistence {

// -- journal -----------------------------------------------------------------

memory_journal_state::memory_journal_state(
    journal_actor::stateful_pointer<memory_journal_state> self)
    : self_(self) {}

journal_actor::behavior_type memory_journal_state::make_behavior(
    std::shared_ptr<memory_database> database, std::uint32_t lane, projector_actor projector) {
  database_ = std::move(database);
  lane_ = lane;
  projector_ = std::move(projector);
  return {
      [this](append& what) { return on_append(what); },
      [this](const load_partitions& what) { return on_load(what), caf::unit; },
      [this](const drain&) { return on_flush(), drained{}; },
      [this](const flush_due&) { on_flush(); },
  };
}

journal_actor::behavior_type memory_journal(
    journal_actor::stateful_pointer<memory_journal_state> self,
    std::shared_ptr<memory_database> database, std::uint32_t lane, projector_actor projector) {
  return self->state.make_behavior(std::move(database), lane, std::move(projector));
}

caf::typed_response_promise<appended> memory_journal_state::on_append(append& what) {
  auto answer = self_->make_response_promise<appended>();
  if (gathered_.empty())
    self_->send(static_cast<journal_actor>(self_), flush_due{});
  gathered_.push_back({std::move(what), answer});
  return answer;
}

void memory_journal_state::on_flush() {
  auto committed = std::make_shared<committed_batch>();
  committed->lane = lane_;
  std::vector<std::pair<entry*, appended>> done;
  for (auto& item : gathered_) {
    auto& refused = refused_[item.what.partition.value];
    std::optional<appended> written;
    if (!refused)
      written = item.what.rows.empty() ? appended{} : database_->write(lane_, item.what);
    if (!written) {
      refused = true;
      item.answer.deliver(make_error(errc::rejected_row, "not the partition's next rows"));
      continue;
    }
    done.emplace_back(&item, *written);
    committed->last_position = std::max(committed->last_position, written->last_position);
    std::move(item.what.projections.begin(), item.what.projections.end(),
              std::back_inserter(committed->projections));
  }
  if (projector_ && (committed->last_position > 0 || !committed->projections.empty()))
    self_->send(projector_, std::shared_ptr<const committed_batch>{std::move(committed)});
  for (auto& [item, written] : done)
    item->answer.deliver(written);
  gathered_.clear();
}

void memory_journal_state::on_load(const load_partitions& what) {
  on_flush();
  for (const auto& [partition, owner] : what.partitions) {
    refused_[partition.value] = false;
    auto found = database_->replay(lane_, partition);
    if (!found.people.empty() || !found.events.empty()) {
      auto first = std::make_shared<replay_chunk>();
      first->people = std::move(found.people);
      first->events = std::move(found.events);
      self_->send(owner, replay_rows{std::move(first)});
    }
    send_rows(owner, std::move(found.carried), true);
    send_rows(owner, std::move(found.rows), false);
    self_->send(owner, found.end);
  }
}

void memory_journal_state::send_rows(const partition_actor& to, std::vector<journal_row> rows,
                                     bool settled) {
  constexpr std::size_t rows_per_chunk = 512;
  for (std::size_t at = 0; at < rows.size(); at += rows_per_chunk) {
    auto chunk = std::make_shared<replay_chunk>();
    auto first = rows.begin() + static_cast<std::ptrdiff_t>(at);
    auto last
        = rows.begin() + static_cast<std::ptrdiff_t>(std::min(at + rows_per_chunk, rows.size()));
    chunk->rows.assign(std::make_move_iterator(first), std::make_move_iterator(last));
    chunk->settled = settled;
    self_->send(to, replay_rows{std::move(chunk)});
  }
}

// -- projector ---------------------------------------------------------------

memory_projector_state::memory_projector_state(
    projector_actor::stateful_pointer<memory_projector_state> self)
    : self_(self) {}

projector_actor::behavior_type memory_projector_state::make_behavior(
    std::shared_ptr<memory_database> database) {
  database_ = std::move(database);
  return {
      [this](const std::shared_ptr<const committed_batch>& batch) { on_batch(*batch); },
      [this](const know_partitions& known) { partitions_ = known.table; },
      [](const drain&) { return drained{}; },
      [](const fold_due&) {},
  };
}

projector_actor::behavior_type memory_projector(
    projector_actor::stateful_pointer<memory_projector_state> self,
    std::shared_ptr<memory_database> database) {
  return self->state.make_behavior(std::move(database));
}

void memory_projector_state::on_batch(const committed_batch& batch) {
  database_->project(batch);
  if (!partitions_)
    return;
  for (std::size_t i = batch.lane; i < partition_count; i += database_->lanes())
    if ((*partitions_)[i])
      self_->send((*partitions_)[i], projected{batch.last_position});
}

// -- store -------------------------------------------------------------------

memory_store_state::memory_store_state(store_actor::stateful_pointer<memory_store_state>) {}

store_actor::behavior_type memory_store_state::make_behavior(
    std::shared_ptr<memory_database> database, const carillon::clock* clock) {
  database_ = std::move(database);
  clock_ = clock;
  return {
      [this](const read_facts& q) { return facts_read{database_->facts_of(q.tenant, q.id)}; },
      [this](const find_event& q) { return event_found{database_->find(q)}; },
      [this](const list_notifications& q) { return on_list(q, false); },
      [this](const list_dead_letters& q) { return on_list(q, true); },
      [this](const load_catalogue&) { return database_->catalogue(); },
      [this](const save_catalogue& what) { return catalogue_saved{database_->save(what)}; },
      [this](const save_snapshots& what) {
        database_->save(what);
        return snapshots_saved{what.items.size()};
      },
      [this](const read_snapshots& q) { return database_->read(q); },
      [this](const tend_segments& what) { return database_->tend(what, clock_->now()); },
      [](const get_health&) {
        return health{true, "{}"};
      },
  };
}

store_actor::behavior_type memory_store(store_actor::stateful_pointer<memory_store_state> self,
                                        std::shared_ptr<memory_database> database,
                                        const carillon::clock* clock) {
  return self->state.make_behavior(std::move(database), clock);
}

template <class Query>
answer memory_store_state::on_list(const Query& query, bool dead_letters) const {
  auto filter = filter_of(query);
  if (!filter.problems.empty())
    return invalid_query(filter);
  return list_answer(filter, database_->list(filter, dead_letters), clock_->now());
}

} // namespace carillon::persistence
