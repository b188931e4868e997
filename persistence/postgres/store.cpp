#include "persistence/postgres/store.hpp"

#include "messages/errors.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace carillon::persistence {

namespace {

// Enough to share a statement's cost out; few enough to hold, if each brought large content.
constexpr std::size_t most_together = 64;
constexpr auto longest_wait = std::chrono::seconds{10}; // then partitions give up

store_worker_actor::behavior_type store_worker(
    store_worker_actor::stateful_pointer<store_worker_state> self, store_options options) {
  return self->state.make_behavior(options);
}

segment_worker_actor::behavior_type segment_worker(
    segment_worker_actor::stateful_pointer<segment_worker_state> self, const std::string& url,
    std::shared_ptr<const std::atomic<bool>> ended) {
  return self->state.make_behavior(url, std::move(ended));
}

} // namespace

// -- worker ------------------------------------------------------------------

store_worker_state::store_worker_state(store_worker_actor::stateful_pointer<store_worker_state>) {}

store_worker_actor::behavior_type store_worker_state::make_behavior(const store_options& options) {
  queries_ = std::make_unique<store_queries>(options.url);
  clock_ = options.clock;
  return {
      [this](const read_facts& q) {
        return attempt_twice<facts_read>(
            [&] { return std::move(queries_->facts_of({q}).front()); });
      },
      [this](const read_many& q) {
        return attempt_twice<many_read>([&] { return many_read{queries_->facts_of(q.questions)}; });
      },
      [this](const find_event& q) {
        return attempt_twice<event_found>([&] { return event_found{queries_->find(q)}; });
      },
      [this](const list_notifications& q) { return on_list(q, false); },
      [this](const list_dead_letters& q) { return on_list(q, true); },
      [this](const load_catalogue&) {
        return attempt_twice<catalogue_rows>([&] { return queries_->catalogue(); });
      },
      [this](const save_catalogue& what) { return on_save(what); },
      [this](const save_snapshots& what) { return on_save(what); },
      [this](const read_snapshots& what) {
        return attempt_twice<snapshots_read>([&] { return queries_->read(what); });
      },
      [this](const get_health&) { return on_health(); },
  };
}

// A connection that died while it was idle is only noticed by using it.
template <class Answer, class Query>
caf::result<Answer> store_worker_state::attempt_twice(Query query) {
  for (bool last = false;; last = true) {
    try {
      return query();
    } catch (const sql_failure& why) {
      if (!last && (why.lost || classify(why) == failure_class::segment))
        continue;
      spdlog::warn("store: {}", why.what());
      return make_error(errc::store_failed, why.what());
    }
  }
}

// Once: a repeated save would be another version.
caf::result<catalogue_saved> store_worker_state::on_save(const save_catalogue& what) {
  try {
    return catalogue_saved{queries_->save(what)};
  } catch (const sql_failure& why) {
    return make_error(errc::store_failed, why.what());
  }
}

caf::result<snapshots_saved> store_worker_state::on_save(const save_snapshots& what) {
  return attempt_twice<snapshots_saved>([&] {
    queries_->save(what);
    return snapshots_saved{what.items.size()};
  });
}

health store_worker_state::on_health() {
  bool reachable = queries_->is_reachable();
  return {reachable, reachable ? R"({"database":"ok"})" : R"({"database":"unreachable"})"};
}

template <class Query>
caf::result<answer> store_worker_state::on_list(const Query& query, bool dead_letters) {
  auto filter = filter_of(query);
  if (!filter.problems.empty())
    return invalid_query(filter);
  return attempt_twice<answer>([&] {
    auto as_of = queries_->as_of(clock_->now());
    return list_answer(filter, queries_->list(filter, dead_letters), as_of);
  });
}

// -- segments ----------------------------------------------------------------

segment_worker_state::segment_worker_state(
    segment_worker_actor::stateful_pointer<segment_worker_state>) {}

segment_worker_actor::behavior_type segment_worker_state::make_behavior(
    const std::string& url, std::shared_ptr<const std::atomic<bool>> ended) {
  queries_ = std::make_unique<segment_queries>(url, [ended] { return ended->load(); });
  return {
      [this](const tend_segments& what) { return on_tend(what); },
  };
}

caf::result<segments_listed> segment_worker_state::on_tend(const tend_segments& what) {
  try {
    return queries_->tend(what);
  } catch (const sql_failure& why) {
    spdlog::warn("segments: {}", why.what());
    return make_error(errc::store_failed, why.what());
  }
}

// -- front -------------------------------------------------------------------

store_state::store_state(store_actor::stateful_pointer<store_state> self) : self_(self) {}

store_state::~store_state() {
  for (const auto& worker : workers_)
    caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  *ended_ = true;
  caf::anon_send_exit(segments_, caf::exit_reason::user_shutdown);
}

store_actor::behavior_type store_state::make_behavior(const store_options& options) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options.workers, 1); ++i)
    workers_.push_back(self_->spawn<caf::detached>(store_worker, options));
  segments_ = self_->spawn<caf::detached>(segment_worker, options.url,
                                          std::shared_ptr<const std::atomic<bool>>{ended_});
  return {
      [this](const read_facts& q) { return on_read(q); },
      [this](const find_event& q) { return self_->delegate(next(), q); },
      [this](const list_notifications& q) { return self_->delegate(next(), q); },
      [this](const list_dead_letters& q) { return self_->delegate(next(), q); },
      [this](const load_catalogue& q) { return self_->delegate(workers_.front(), q); },
      [this](const save_catalogue& q) { return self_->delegate(workers_.front(), q); },
      [this](save_snapshots& q) { return self_->delegate(next(), std::move(q)); },
      [this](const read_snapshots& q) { return self_->delegate(next(), q); },
      [this](const tend_segments& q) { return self_->delegate(segments_, q); },
      [this](const get_health& q) { return self_->delegate(next(), q); },
  };
}

store_actor::behavior_type store(store_actor::stateful_pointer<store_state> self,
                                 store_options options) {
  return self->state.make_behavior(options);
}

const store_worker_actor& store_state::next() {
  return workers_[turn_++ % workers_.size()];
}

caf::result<facts_read> store_state::on_read(const read_facts& question) {
  auto promise = self_->make_response_promise<facts_read>();
  gathered_.push_back({question, promise, std::chrono::steady_clock::now()});
  read_gathered();
  return promise;
}

void store_state::read_gathered() {
  while (reading_ < workers_.size() && !gathered_.empty()) {
    read_many what;
    auto waiting = std::make_shared<std::vector<facts_promise>>();
    auto too_old = std::chrono::steady_clock::now() - longest_wait;
    for (; !gathered_.empty() && waiting->size() < most_together; gathered_.pop_front()) {
      auto& next = gathered_.front();
      if (next.since < too_old) {
        next.promise.deliver(make_error(errc::store_failed, "the database is too slow"));
        continue;
      }
      what.questions.push_back(std::move(next.question));
      waiting->push_back(std::move(next.promise));
    }
    if (waiting->empty())
      return;
    ++reading_;
    auto done = [this] {
      --reading_;
      read_gathered();
    };
    self_->request(next(), caf::infinite, std::move(what))
        .then(
            [waiting, done](many_read& read) {
              for (std::size_t i = 0; i < waiting->size(); ++i)
                (*waiting)[i].deliver(std::move(read.answers[i]));
              done();
            },
            [waiting, done](const caf::error& why) {
              for (auto& promise : *waiting)
                promise.deliver(why);
              done();
            });
  }
}

} // namespace carillon::persistence
