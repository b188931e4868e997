#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

// Everything in the database as text, but for the person's id.
bool database_contains(world& w, const std::string& text) {
  for (const std::string table : {"journal_1", "ledger", "notifications"}) {
    const auto found = harness::read_value(
        w.daemon.database_url(), "select count(*) from " + table + " t where t::text like '%" + text
                                     + "%' or t::text like '%'||encode('" + text
                                     + "'::bytea,'hex')||'%'");
    if (found != "0")
      return true;
  }
  return false;
}

} // namespace

TEST_CASE("content and contact points are not readable in the database") {
  auto& w = shared_world();
  const auto ann = w.new_person({{"name", "Annabella Sealed"}});
  const auto id = w.send(w.new_rule(), ann, {{"text", "topsecretword"}});
  w.await_status(id, "delivered");
  CHECK_FALSE(database_contains(w, "topsecretword"));
  CHECK_FALSE(database_contains(w, "Annabella"));
  CHECK_FALSE(database_contains(w, ann.phone));
}

TEST_CASE("a recipient that is erased gets nothing more and is forgotten") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto waiting = w.send(w.new_rule({{"timing", "delay:1s"}}), ann);
  const auto reply = w.api.send("DELETE", "/v1/recipients/" + ann.id);
  INFO(reply.body);
  CHECK(reply.status / 100 == 2);
  CHECK(w.api.get("/v1/recipients/" + ann.id).status == 404);
  const auto ended = harness::eventually(5s, [&] {
    const auto status = w.show(waiting)["status"].get<std::string>();
    return status == "cancelled" || status == "suppressed" || status == "dead_lettered";
  });
  INFO(w.show(waiting).dump());
  CHECK(ended);
  CHECK(w.simulator.messages(ann.phone).empty());
  CHECK(harness::read_value(w.daemon.database_url(),
                            "select count(*) from recipient_keys where recipient_id = '" + ann.id
                                + "'")
        == "0");
}

TEST_CASE("a recipient's token opens its own things and nothing else") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto ben = w.new_person();
  auto client = w.daemon.anyone();
  client.always("Authorization", "Bearer " + harness::token_of(w.api, ann.id));
  CHECK(client.get("/v1/inbox").status == 200);
  CHECK(client.get("/v1/recipients/" + ann.id + "/preferences").status == 200);
  CHECK(client.get("/v1/recipients/" + ben.id + "/preferences").status == 403);
  CHECK(client.get("/v1/notifications").status == 403);
  CHECK(client.get("/v1/rules").status == 403);
}

TEST_CASE("a profile's version is its ETag, and If-Match guards it") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto target = "/v1/recipients/" + ann.id;
  const auto tag = w.api.get(target).header("etag");
  REQUIRE_FALSE(tag.empty());
  const json body = {{"first_name", "Anna"}};
  CHECK(w.api.put(target, body, {{"If-Match", tag}}).status / 100 == 2);
  CHECK(w.api.put(target, body, {{"If-Match", tag}}).status == 412);
}
