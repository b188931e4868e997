#include "tests/actors/engine_world.hpp"

#include "actors/housekeeper/housekeeper.hpp"
#include "actors/hub/hub.hpp"
#include "actors/intake/intake.hpp"
#include "actors/partition/partition.hpp"
#include "actors/rules/rules.hpp"
#include "actors/sender/sender.hpp"
#include "persistence/memory/memory_actors.hpp"

#include <nlohmann/json.hpp>

namespace carillon::test {

namespace {

using nlohmann::json;

json_ptr parse(const std::string& text) {
  return std::make_shared<const json>(json::parse(text));
}

provider_actor::behavior_type scripted_provider(provider_actor::pointer self,
                                                provider_script* script) {
  return {
      [self, script](const provider_call& m) -> caf::result<call_outcome> {
        script->calls.push_back(m);
        if (script->on_call)
          script->on_call(m);
        if (script->hangs) {
          script->hanging.push_back(self->make_response_promise<call_outcome>());
          return script->hanging.back();
        }
        if (script->answers.empty())
          return provider_script::accepted();
        auto o = script->answers.front();
        script->answers.pop_front();
        return o;
      },
      [](const raw_callback&) { return callback_parsed{}; },
      [script](const http_finished&) {
        for (auto& promise : script->hanging)
          promise.deliver(provider_script::accepted());
        script->hanging.clear();
      },
      [](const get_health&) { return health{}; },
  };
}

} // namespace

engine_world::engine_world(settings s)
    : config(std::move(s)), database(std::make_shared<persistence::memory_database>(2)),
      faults(std::make_shared<persistence::fault_plan>()) {
  // nop
}

engine_world::~engine_world() {
  crash();
}

sender_actor engine_world::make_sender(channel on, provider_script& script) {
  provider_settings p;
  p.name = std::string{to_string(on)} + "-main";
  p.kind = "scripted";
  p.on = on;
  auto client = world.system().spawn(scripted_provider, &script);
  script.client = client;
  alive_.push_back(caf::actor_cast<caf::actor>(client));
  auto lease = std::make_shared<lease_view>();
  lease->extend(lease_view::clock_type::now() + std::chrono::hours{24});
  auto handle = world.system().spawn(
      sender, sender_arguments{
                  on, {p}, {{p.name, client}}, config.delivery, &world.clock(), lease, &count});
  alive_.push_back(caf::actor_cast<caf::actor>(handle));
  return handle;
}

void engine_world::start() {
  auto& system = world.system();
  auto keep = [this](const auto& handle) {
    alive_.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  };
  store = keep(system.spawn(persistence::memory_store, database, &world.clock()));
  keeper = keep(system.spawn(housekeeper,
                             housekeeper_arguments{store, &world.clock(), config.journal, &count}));
  supervisor_arguments args;
  for (std::uint32_t lane = 0; lane < database->lanes(); ++lane) {
    args.projectors.push_back(keep(system.spawn(persistence::memory_projector, database)));
    auto behind
        = keep(system.spawn(persistence::memory_journal, database, lane, args.projectors.back()));
    args.lanes.push_back(keep(system.spawn(persistence::faulty_journal, behind, faults)));
  }
  intake = keep(system.spawn(carillon::intake, intake_arguments{&cell_, &world.clock(), &count}));
  auto live = keep(system.spawn(hub, hub_arguments{intake, &count}));
  auto senders = std::make_shared<sender_table>();
  (*senders)[static_cast<std::size_t>(channel::sms)] = make_sender(channel::sms, sms);
  (*senders)[static_cast<std::size_t>(channel::email)] = make_sender(channel::email, email);
  auto shared = std::make_shared<delivery_services>(
      delivery_services{senders, &world.clock(), &sealer_, &count, config.retry, config.delivery});
  partition_limits memory;
  memory.people_bytes = config.budget.people / partition_count;
  auto services = std::make_shared<partition_services>(
      partition_services{shared, config.limits, memory, &cell_, live, 64});
  args.intake = intake;
  args.hub = live;
  args.housekeeper = keeper;
  args.time = &world.clock();
  args.count = &count;
  args.on_ready = [this] { ready = true; };
  args.on_end = [this](node_end, const std::string& why) { ended = why; };
  args.spawn_partition = [&system, keep, lanes = args.lanes, store = store,
                          services](partition_id p, supervisor_actor s) {
    return keep(system.spawn(
        partition, partition_arguments{p, lanes[p.value % lanes.size()], store, s, services}));
  };
  boss = keep(system.spawn(supervisor, std::move(args)));
  world.tell(boss, start_node{});
  REQUIRE(ready);
}

void engine_world::crash() {
  ready = false;
  if (!boss)
    return;
  for (auto i = alive_.rbegin(); i != alive_.rend(); ++i)
    caf::anon_send_exit(*i, caf::exit_reason::kill);
  alive_.clear();
  sms.hanging.clear();
  email.hanging.clear();
  sms.client = provider_actor{};
  email.client = provider_actor{};
  boss = supervisor_actor{};
  intake = intake_actor{};
  store = store_actor{};
  keeper = housekeeper_actor{};
  world.settle();
}

std::string engine_world::settle_journal() {
  tend_segments rotate;
  rotate.what = tend_segments::verb::rotate;
  return world.ask<segments_listed>(keeper, rotate)->get().refused;
}

std::string engine_world::drop_history() {
  if (auto why = settle_journal(); !why.empty())
    return why;
  auto all = world.ask<segments_listed>(store, tend_segments{})->get().segments;
  for (const auto& each : all)
    if (each.closed_at != no_time) {
      tend_segments drop;
      drop.what = tend_segments::verb::drop;
      drop.segment = each.number;
      if (auto why = world.ask<segments_listed>(store, drop)->get().refused; !why.empty())
        return why;
    }
  return {};
}

event_answer engine_world::post(const std::string& id, const std::string& type,
                                const std::string& data) {
  auto e = std::make_shared<event>();
  e->id = id;
  e->source = "test";
  e->type = type;
  e->data = parse(data);
  e->data_text = data;
  return world.ask<events_answer>(intake, submit_events{tenant, {e}})->get().items.front();
}

answer engine_world::command(const notification_id& id, notification_command::verb what) {
  return command_async(id, what)->get();
}

std::shared_ptr<reply<answer>> engine_world::command_async(const notification_id& id,
                                                           notification_command::verb what) {
  return world.ask<answer>(intake, notification_command{tenant, id, what, {}});
}

answer engine_world::person(const std::string& id, recipient_command::verb what,
                            const std::string& body) {
  return world
      .ask<answer>(intake, recipient_command{tenant, recipient_id{id}, what, parse(body), {}, 0})
      ->get();
}

answer engine_world::inbox(const std::string& who, inbox_command::verb what,
                           const notification_id& id) {
  inbox_command m;
  m.tenant = tenant;
  m.recipient = recipient_id{who};
  m.what = what;
  m.id = id;
  return world.ask<answer>(intake, m)->get();
}

answer engine_world::report(const notification_id& id, std::uint16_t attempt, status what) {
  return world
      .ask<answer>(intake,
                   provider_report{tenant_id{}, id, attempt, what, error_class::none, {}, "SM1"})
      ->get();
}

std::string engine_world::status_of(const notification_id& id) {
  return json::parse(command(id, notification_command::verb::show).body).at("status");
}

std::vector<std::string> engine_world::timeline(const notification_id& id) {
  std::vector<std::string> out;
  auto body = json::parse(command(id, notification_command::verb::timeline).body);
  for (const auto& item : body.at("items"))
    out.push_back(item.at("type"));
  return out;
}

void engine_world::rule(const std::string& name, const std::string& body) {
  problem_items problems;
  auto r = parse_rule(name, json::parse(body), problems);
  REQUIRE(problems.empty());
  rules_[name] = r;
  auto mine = std::make_shared<tenant_catalogue>();
  mine->version = rules_.size();
  mine->categories = default_categories();
  mine->global = std::make_shared<preferences>();
  mine->rules = rules_;
  for (const auto& [key, x] : rules_)
    mine->rules_by_event[x->event].push_back(x);
  auto all = std::make_shared<catalogue>();
  all->tenants[tenant] = mine;
  cell_.set(all);
}

} // namespace carillon::test
