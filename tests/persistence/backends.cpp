#include "tests/persistence/backends.hpp"

#include "messages/errors.hpp"

#include "persistence/memory/memory_actors.hpp"
#include "persistence/postgres/database.hpp"
#include "persistence/postgres/lane.hpp"
#include "persistence/postgres/lease.hpp"
#include "persistence/postgres/projector.hpp"
#include "persistence/postgres/store.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace carillon::test {

using namespace std::chrono_literals;

namespace {

struct real_clock final : clock {
  timestamp now() const noexcept override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};
const real_clock wall_clock;

template <class Handle>
void end(caf::actor_system& system, Handle& handle) {
  if (!handle)
    return;
  caf::scoped_actor self{system};
  self->monitor(handle);
  caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {},
                caf::after(30s) >> [] { FAIL("an actor does not end"); });
  handle = nullptr;
}

class memory_backend final : public backend {
public:
  explicit memory_backend(caf::actor_system& system) : backend(system) {
    spawn();
  }
  ~memory_backend() override {
    stop();
  }
  const char* name() const override {
    return "memory";
  }

protected:
  void spawn() override {
    projector = system_.spawn(persistence::memory_projector, data_);
    journal = system_.spawn(persistence::memory_journal, data_, 0u, projector);
    store = system_.spawn(persistence::memory_store, data_, &wall_clock);
  }

private:
  std::shared_ptr<persistence::memory_database> data_
      = std::make_shared<persistence::memory_database>();
};

class postgres_backend final : public backend {
public:
  explicit postgres_backend(caf::actor_system& system) : backend(system) {
    persistence::database_options options;
    options.url = database_.url();
    options.lanes = 1;
    REQUIRE(persistence::open_database(options));
    spawn();
  }
  ~postgres_backend() override {
    stop();
  }
  const char* name() const override {
    return "postgres";
  }

protected:
  void spawn() override {
    persistence::lease_options lease;
    lease.url = database_.url();
    lease.view = std::make_shared<lease_view>();
    auto keeper = std::make_unique<persistence::lease_keeper>(std::move(lease));
    auto epoch = keeper->acquire({}, [] { return true; });
    REQUIRE(epoch);
    persistence::projector_options projecting;
    projecting.url = database_.url();
    projecting.fold_for = 10ms;
    projector = system_.spawn<caf::detached>(persistence::projector, projecting);
    persistence::lane_options options;
    options.writer = {database_.url(), 0, "main", *epoch, {}};
    options.projector = projector;
    options.hold_position_for = 50ms;
    journal = system_.spawn<caf::detached>(persistence::lane, options);
    store = system_.spawn(persistence::store,
                          persistence::store_options{database_.url(), &wall_clock, 2});
  }

private:
  database database_;
};

} // namespace

void backend::stop() {
  end(system_, journal);
  end(system_, projector);
  end(system_, store);
}

void backend::restart() {
  stop();
  spawn();
}

std::unique_ptr<backend> make_memory_backend(caf::actor_system& system) {
  return std::make_unique<memory_backend>(system);
}

std::unique_ptr<backend> make_postgres_backend(caf::actor_system& system) {
  return std::make_unique<postgres_backend>(system);
}

// -- world -------------------------------------------------------------------

persistence_world::persistence_world() : system_(config_) {}

persistence_world::~persistence_world() = default;

caf::expected<appended> persistence_world::write(const journal_actor& to, append what) {
  std::vector<append> all;
  all.push_back(std::move(what));
  return write_all(to, std::move(all)).front();
}

std::vector<caf::expected<appended>> persistence_world::write_all(const journal_actor& to,
                                                                  std::vector<append> what) {
  return ask_all<appended>(to, std::move(what));
}

replayed_partition persistence_world::replay(const journal_actor& from, std::uint8_t partition) {
  caf::scoped_actor self{system_};
  auto owner = caf::actor_cast<partition_actor>(caf::actor_cast<caf::strong_actor_ptr>(self.ptr()));
  load_partitions load;
  load.partitions.emplace_back(partition_id{partition}, owner);
  caf::anon_send(from, load);
  replayed_partition result;
  bool ended = false;
  while (!ended)
    self->receive(
        [&](const replay_rows& piece) {
          const auto& chunk = *piece.chunk;
          auto& rows = chunk.settled ? result.carried : result.rows;
          CHECK((result.rows.empty() || !chunk.settled));
          result.people.insert(result.people.end(), chunk.people.begin(), chunk.people.end());
          result.events.insert(result.events.end(), chunk.events.begin(), chunk.events.end());
          rows.insert(rows.end(), chunk.rows.begin(), chunk.rows.end());
        },
        [&](const replay_end& end) {
          result.end = end;
          ended = true;
        },
        caf::after(30s) >> [] { FAIL("no replay"); });
  return result;
}

void persistence_world::await_projected(const projector_actor& from, std::uint64_t position) {
  caf::scoped_actor self{system_};
  auto table = std::make_shared<partition_table>();
  (*table)[7]
      = caf::actor_cast<partition_actor>(caf::actor_cast<caf::strong_actor_ptr>(self.ptr()));
  caf::anon_send(from, know_partitions{table});
  caf::anon_send(from, std::shared_ptr<const committed_batch>{
                           std::make_shared<committed_batch>(committed_batch{0, position, {}})});
  std::uint64_t told = 0;
  while (told < position)
    self->receive([&](const projected& news) { told = news.position; },
                  caf::after(30s) >> [] { FAIL("nothing projected"); });
  caf::anon_send(from, know_partitions{std::make_shared<partition_table>()});
}

// -- data --------------------------------------------------------------------

notification_id id_of(std::uint8_t partition, std::uint64_t n, std::int64_t at) {
  return make_notification_id({partition}, timestamp{std::chrono::seconds{at}}, 1, n);
}

append rows_of(std::uint8_t partition, std::uint64_t sequence, std::size_t count, fact_type type) {
  append result;
  result.partition = {partition};
  for (std::size_t i = 0; i < count; ++i) {
    journal_row row;
    row.partition = {partition};
    row.sequence = sequence + i;
    row.recorded_at = timestamp{std::chrono::seconds{1'795'424'400} + std::chrono::microseconds{i}};
    row.tenant = tenant_id{"default"};
    row.notification = id_of(partition, 1);
    row.type = type;
    row.body = fmt::format(R"({{"number":{}}})", sequence + i);
    result.rows.push_back(std::move(row));
  }
  return result;
}

projection line_of(const notification_id& id, status now, const char* type) {
  projection line;
  line.id = id;
  line.now = now;
  line.on = channel::sms;
  line.has_channel = true;
  line.updated_at = time_of(id) + 1s;
  notification_view view;
  view.id = id;
  view.tenant = tenant_id{"default"};
  view.recipient = recipient_id{"p-1"};
  view.event_id = "e-1";
  view.dedupe = make_hash("source", to_string(id));
  view.type = type;
  view.created_at = time_of(id);
  line.created = std::make_shared<const notification_view>(std::move(view));
  return line;
}

} // namespace carillon::test
