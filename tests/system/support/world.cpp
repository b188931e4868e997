#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>

namespace carillon::test {

namespace {

harness::daemon_options daemon_of(const world_options& from, const harness::work_directory& where,
                                  const harness::provider_simulator& provider) {
  harness::daemon_options out;
  out.directory = where.path();
  out.provider_url = provider.url();
  out.limits = from.limits;
  out.toml = from.toml;
  out.database_url = from.database_url;
  out.environment = from.environment;
  return out;
}

} // namespace

world::world(const world_options& options)
    : simulator(directory.path(), options.simulator_arguments),
      daemon(daemon_of(options, directory, simulator)), api((daemon.start(), daemon.api())),
      limits_(options.ledger_limits) {}

std::string world::fresh(std::string_view prefix) {
  static std::atomic<unsigned> last{0};
  return fmt::format("{}{:05}", prefix, ++last);
}

person world::new_person(const json& more) {
  person out{fresh("p-"), fresh("+43664000")};
  json body = {{"first_name", "Ann"},
               {"locale", "en"},
               {"timezone", "Europe/Vienna"},
               {"contacts", {{"sms", out.phone}}}};
  body.merge_patch(more);
  harness::put_recipient(api, out.id, body);
  return out;
}

std::string world::new_rule(const json& more) {
  const auto type = fresh("test.event.");
  harness::put_rule(api, fresh("rule_"), harness::sms_rule(type, more));
  return type;
}

std::string only_id(const harness::http_reply& reply) {
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  const auto body = reply.json();
  REQUIRE(body.at("notifications").size() == 1);
  return body["notifications"][0].at("id");
}

std::string world::send(const std::string& type, const person& who, const json& data) {
  json all = {{"who", who.id}, {"text", "Hello"}};
  all.merge_patch(data);
  const auto id = only_id(harness::post_event(api, harness::cloud_event(type, fresh("e-"), all)));
  acknowledged.insert(*parse_notification_id(id));
  return id;
}

json world::show(const std::string& id) {
  return harness::expect(api.get("/v1/notifications/" + id), 200, "GET notification").json();
}

std::vector<std::string> world::timeline(const std::string& id) {
  const auto reply = api.get("/v1/notifications/" + id + "/timeline");
  std::vector<std::string> types;
  const auto body = harness::expect(reply, 200, "timeline").json();
  for (const auto& item : body.at("items"))
    types.push_back(item.at("type"));
  return types;
}

json world::await_status(const std::string& id, std::string_view status, milliseconds bound) {
  json last;
  const bool reached = harness::eventually(bound, [&] {
    last = show(id);
    return last.at("status") == status;
  });
  INFO("wanted " << status << ", is " << last.dump() << "\n" << daemon.log(15));
  REQUIRE(reached);
  return last;
}

void world::provide(const person& who, json behaviour) {
  behaviour["to"] = who.phone;
  simulator.add_rule(behaviour);
}

harness::ledger_report world::ledger(bool at_rest, bool clock_was_real) {
  harness::ledger_input input;
  input.facts = harness::read_journal(daemon.database_url());
  input.messages = simulator.messages();
  input.acknowledged = acknowledged;
  input.limits = limits_;
  input.at_rest = at_rest;
  input.clock_was_real = clock_was_real;
  return harness::check_ledger(input);
}

void require_agreement(const harness::ledger_report& report) {
  INFO(report.words());
  REQUIRE(report.problems.empty());
}

world& shared_world() {
  static world one;
  return one;
}

} // namespace carillon::test
