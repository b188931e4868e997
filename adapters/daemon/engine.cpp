#include "adapters/daemon/engine.hpp"

#include "messages/errors.hpp"

#include "actors/catalog/catalog.hpp"
#include "actors/housekeeper/housekeeper.hpp"
#include "actors/hub/hub.hpp"
#include "actors/intake/intake.hpp"
#include "actors/partition/partition.hpp"
#include "actors/supervisor/supervisor.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace carillon::daemon {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<const partition_services> services_of(const engine_neighbours& around,
                                                      hub_actor hub) {
  auto deliveries = std::make_shared<delivery_services>();
  deliveries->senders = around.senders;
  deliveries->time = around.time;
  deliveries->seal = around.seal;
  deliveries->count = around.numbers.get();
  deliveries->retry = around.with->retry;
  deliveries->calls = around.with->delivery;
  auto services = std::make_shared<partition_services>();
  services->deliveries = std::move(deliveries);
  services->limits = around.with->limits;
  constexpr std::size_t bytes_per_event = 64;
  services->memory.remembered_events
      = around.with->budget.dedupe / (partition_count * bytes_per_event);
  services->memory.people_bytes = around.with->budget.people / partition_count;
  services->catalogue = around.cell;
  services->hub = std::move(hub);
  return services;
}

std::vector<sender_actor> present(const sender_table& all) {
  std::vector<sender_actor> found;
  for (const auto& each : all)
    if (each)
      found.push_back(each);
  return found;
}

template <class Handle>
void end(Handle& who) {
  if (who)
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  who = nullptr;
}

} // namespace

engine::engine(engine_neighbours around) : around_(std::move(around)) {
  spawn_front();
  spawn_supervisor();
  listen_to_journal();
}

engine::~engine() {
  stop(milliseconds{0});
}

void engine::spawn_front() {
  auto& system = *around_.system;
  catalog_arguments for_catalog;
  for_catalog.store = around_.journal->store();
  for_catalog.cell = around_.cell;
  for_catalog.time = around_.time;
  catalog_ = system.spawn(carillon::catalog, std::move(for_catalog));
  intake_arguments for_intake;
  for_intake.catalogue = around_.cell;
  for_intake.time = around_.time;
  for_intake.count = around_.numbers.get();
  for_intake.memory_budget = around_.with->budget.memory;
  intake_ = system.spawn(carillon::intake, std::move(for_intake));
  hub_arguments for_hub;
  for_hub.intake = intake_;
  for_hub.numbers = around_.numbers.get();
  hub_ = system.spawn(carillon::hub, std::move(for_hub));
  housekeeper_ = system.spawn(carillon::housekeeper,
                              housekeeper_arguments{around_.journal->store(), around_.time,
                                                    around_.with->journal, around_.numbers.get()});
}

void engine::spawn_supervisor() {
  supervisor_arguments args;
  args.lanes = around_.journal->lanes();
  args.projectors = around_.journal->projectors();
  args.senders = present(*around_.senders);
  args.intake = intake_;
  args.hub = hub_;
  args.housekeeper = housekeeper_;
  args.essential = {{"intake", caf::actor_cast<caf::actor>(intake_)},
                    {"hub", caf::actor_cast<caf::actor>(hub_)},
                    {"housekeeper", caf::actor_cast<caf::actor>(housekeeper_)},
                    {"catalog", caf::actor_cast<caf::actor>(catalog_)},
                    {"store", caf::actor_cast<caf::actor>(around_.journal->store())}};
  for (std::size_t i = 0; i < args.lanes.size(); ++i)
    args.essential.emplace_back(fmt::format("journal lane {}", i),
                                caf::actor_cast<caf::actor>(args.lanes[i]));
  for (const auto& each : args.senders)
    args.essential.emplace_back("a sender", caf::actor_cast<caf::actor>(each));
  args.spawn_partition
      = [system = around_.system, lanes = args.lanes, store = around_.journal->store(),
         services = services_of(around_, hub_)](partition_id id, supervisor_actor owner) {
          return system->spawn(partition, partition_arguments{id, lanes[id.value % lanes.size()],
                                                              store, std::move(owner), services});
        };
  args.on_ready = [this] { settle(std::nullopt); };
  args.on_end = [this](node_end how, const std::string& why) {
    auto code = how == node_end::fenced ? fenced : failed;
    spdlog::error("the node ends: {}", why);
    settle(start_failure{code, why});
    around_.end(code);
  };
  args.time = around_.time;
  args.count = around_.numbers.get();
  args.drain_timeout = around_.with->drain_timeout / 2;
  supervisor_ = around_.system->spawn(carillon::supervisor, std::move(args));
}

void engine::listen_to_journal() {
  around_.journal->listeners().add(
      [intake = intake_, supervisor = supervisor_](const journal_health& health) {
        caf::anon_send(intake, health);
        caf::anon_send(supervisor, health);
      });
}

std::optional<start_failure> engine::load_catalogue(const std::filesystem::path& directory) {
  std::optional<start_failure> failure;
  caf::scoped_actor self{*around_.system};
  // A unit comes as an empty message, which a typed request does not let us say.
  self->request(caf::actor_cast<caf::actor>(catalog_), caf::infinite,
                start_catalog{directory.string()})
      .receive([] {},
               [&](const caf::error& error) {
                 failure = start_failure{bad_configuration, "catalogue: " + render(error)};
               });
  return failure;
}

std::optional<start_failure> engine::replay() {
  caf::anon_send(supervisor_, start_node{});
  return settled_.get_future().get();
}

void engine::settle(std::optional<start_failure> how) {
  std::call_once(once_, [&] { settled_.set_value(std::move(how)); });
}

void engine::clock_jumped() {
  caf::anon_send(supervisor_, clock_changed{});
}

void engine::stop(milliseconds limit) {
  if (std::exchange(stopped_, true))
    return;
  caf::scoped_actor self{*around_.system};
  self->request(supervisor_, limit, drain{})
      .receive([](const drained&) {},
               [](const caf::error& error) { spdlog::warn("drain: {}", render(error)); });
  end(supervisor_);
  end(housekeeper_);
  end(hub_);
  end(intake_);
  end(catalog_);
}

} // namespace carillon::daemon
