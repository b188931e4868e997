#include "actors/inbox/inbox.hpp"

#include "tests/support/actor_world.hpp"
#include "tests/support/inbox_facts.hpp"
#include "tests/support/plain_sealer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::test;
using nlohmann::json;
using verb = inbox_command::verb;
using change = in_app_change;

namespace {

constexpr auto minute = std::chrono::minutes{1};

/// An inbox of one recipient, its facts durable at once.
struct one_inbox {
  plain_sealer seal;
  inbox_model model;
  inbox_writer write;
  timestamp now = monday;

  explicit one_inbox(inbox_limits limits = {}) : model(seal, limits) {
    model.know(write.key());
  }
  notification_id post(const std::string& title, timestamp expires = no_time) {
    auto fact = write.post(title, now, expires);
    model.apply(fact, true, now);
    return fact.id;
  }
  void changed(const notification_id& id, change what, std::string action = {}) {
    model.apply(write.change(id, what, std::move(action)), true, now);
  }
  inbox_proposal ask(inbox_command what) {
    return model.decide(what, now);
  }
  inbox_proposal ask(verb what, notification_id id = {}) {
    return ask(write.command(what, id));
  }
  json list(const std::string& state = {}, const std::string& query = {}) {
    auto what = write.command(verb::list);
    what.state = state;
    what.query = query;
    return json::parse(ask(what).reply.body);
  }
  inbox_resumed resume(std::uint64_t offset, bool fresh = false) {
    return model.resume({inbox_writer::tenant, write.who(), offset, fresh}, now);
  }
};

std::vector<std::uint64_t> offsets(const inbox_resumed& answer) {
  std::vector<std::uint64_t> result;
  for (const auto& frame : answer.frames)
    result.push_back(frame->offset);
  return result;
}

using list_of = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a posted message is listed with its content, newest first") {
  one_inbox inbox;
  inbox.post("first");
  auto second = inbox.post("second", monday + minute);
  auto list = inbox.list();
  REQUIRE(list["items"].size() == 2);
  CHECK(list["unread"] == 2);
  CHECK(list["next_cursor"].is_null());
  const auto& item = list["items"][0];
  CHECK(item["id"] == to_string(second));
  CHECK(item["title"] == "second");
  CHECK(item["offset"] == 2);
  CHECK(item["state"] == "unread");
  CHECK(item["created_at"] == "2026-11-23T09:00:00.000Z");
  CHECK(item["expires_at"] == "2026-11-23T09:01:00.000Z");
  CHECK(item["actions"][0]["id"] == "confirm");
  CHECK(list["items"][1]["expires_at"].is_null());
}

TEST_CASE("a frame has the members of the API in their order") {
  one_inbox inbox;
  auto id = inbox.post("Hello \\\"you\\\"");
  auto answer = inbox.resume(0);
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0]->json
        == R"({"op":"notification","offset":1,"notification":{"id":")" + to_string(id)
               + R"(","type":"note","priority":"high","title":"Hello \"you\"","body":"Tap to see",)"
                 R"("actions":[{"id":"confirm"},{"id":"decline"}],"data":{"n":1},)"
                 R"("created_at":"2026-11-23T09:00:00.000Z","expires_at":null}})");
}

TEST_CASE("reading changes the state once; repeating it answers the same and changes nothing") {
  one_inbox inbox;
  auto id = inbox.post("x");
  auto first = inbox.ask(verb::read, id);
  REQUIRE(first.changes.size() == 1);
  CHECK(first.changes[0].first == id);
  CHECK(first.changes[0].second.what == change::read);
  inbox.changed(id, change::read);
  auto again = inbox.ask(verb::read, id);
  CHECK(again.changes.empty());
  CHECK(again.reply.body == first.reply.body);
  CHECK(json::parse(again.reply.body)["state"] == "read");
  CHECK(inbox.list()["unread"] == 0);
}

TEST_CASE("a repetition is seen before the first is durable") {
  one_inbox inbox;
  auto id = inbox.post("x");
  inbox.model.apply(inbox.write.change(id, change::read), false, monday);
  CHECK(inbox.ask(verb::read, id).changes.empty());
  CHECK(inbox.ask(verb::ack, id).changes.empty());
  CHECK(inbox.list()["unread"] == 1);
  inbox.model.make_durable(inbox.write.durable(), monday);
  CHECK(inbox.list()["unread"] == 0);
}

TEST_CASE("an ack leaves the message unread and a later ack of a read one changes nothing") {
  one_inbox inbox;
  auto id = inbox.post("x");
  CHECK(inbox.ask(verb::ack, id).changes.size() == 1);
  inbox.changed(id, change::acked);
  CHECK(inbox.list()["unread"] == 1);
  CHECK(inbox.list("unread")["items"].size() == 1);
  inbox.changed(id, change::read);
  CHECK(inbox.ask(verb::ack, id).changes.empty());
  CHECK(inbox.list("read")["items"].size() == 1);
}

TEST_CASE("commands for an unknown message or person are not found") {
  one_inbox inbox;
  inbox.post("x");
  auto id = make_notification_id({1}, monday, 0, 77);
  CHECK(inbox.ask(verb::read, id).reply.what == answer::kind::not_found);
  inbox_writer nobody{"p-unknown"};
  CHECK(inbox.ask(nobody.command(verb::ack, id)).reply.what == answer::kind::not_found);
  auto none = inbox.ask(nobody.command(verb::list));
  CHECK(none.reply.body == R"({"items":[],"next_cursor":null,"unread":0})");
}

TEST_CASE("only an offered action can be taken, and only one") {
  one_inbox inbox;
  auto id = inbox.post("x");
  auto act = [&](const char* name) {
    auto what = inbox.write.command(verb::act, id);
    what.action = name;
    return inbox.ask(what);
  };
  CHECK(act("delete").reply.what == answer::kind::not_found);
  auto taken = act("confirm");
  REQUIRE(taken.changes.size() == 1);
  CHECK(taken.changes[0].second.action == "confirm");
  inbox.changed(id, change::acted, "confirm");
  CHECK(act("confirm").changes.empty());
  CHECK(act("confirm").reply.what == answer::kind::ok);
  CHECK(act("decline").reply.what == answer::kind::conflict);
  CHECK(inbox.list()["items"][0]["action"] == "confirm");
}

TEST_CASE("an archived message is only in the archive, and can still be acted on") {
  one_inbox inbox;
  auto id = inbox.post("x");
  inbox.changed(id, change::archived);
  CHECK(inbox.list()["items"].empty());
  CHECK(inbox.list()["unread"] == 0);
  CHECK(inbox.list("archived")["items"].size() == 1);
  auto what = inbox.write.command(verb::act, id);
  what.action = "confirm";
  CHECK(inbox.ask(what).changes.size() == 1);
  CHECK(json::parse(inbox.ask(what).reply.body)["state"] == "archived");
}

TEST_CASE("read_all reads everything there is, once") {
  one_inbox inbox;
  inbox.post("a");
  auto b = inbox.post("b");
  auto all = inbox.ask(verb::read_all);
  REQUIRE(all.changes.size() == 1);
  CHECK(all.changes[0].first.is_nil());
  CHECK(all.changes[0].second.what == change::all_read);
  inbox.changed({}, change::all_read);
  CHECK(inbox.ask(verb::read_all).changes.empty());
  CHECK(inbox.ask(verb::read, b).changes.empty());
  auto answer = inbox.resume(2);
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0]->json
        == R"({"op":"update","offset":3,"id":null,"state":"read","unread":0})");
}

TEST_CASE("read_all covers what is not durable yet, once") {
  one_inbox inbox;
  inbox.model.apply(inbox.write.post("coming", monday), false, monday);
  CHECK(inbox.ask(verb::read_all).changes.size() == 1);
  inbox.model.apply(inbox.write.change({}, change::all_read), false, monday);
  CHECK(inbox.ask(verb::read_all).changes.empty());
}

TEST_CASE("a search looks for every word in title and body, whatever the case") {
  one_inbox inbox;
  inbox.post("Ihre ÜBERWEISUNG");
  inbox.post("Room ready");
  CHECK(inbox.list("", "überweisung")["items"].size() == 1);
  CHECK(inbox.list("", "ROOM tap")["items"].size() == 1);
  CHECK(inbox.list("", "room überweisung")["items"].empty());
}

TEST_CASE("a list goes on at its cursor") {
  one_inbox inbox;
  for (int i = 0; i < 5; ++i)
    inbox.post("m" + std::to_string(i));
  auto what = inbox.write.command(verb::list);
  what.limit = 2;
  std::vector<int> seen;
  for (;;) {
    auto page = json::parse(inbox.ask(what).reply.body);
    for (const auto& item : page["items"])
      seen.push_back(item["offset"]);
    if (page["next_cursor"].is_null())
      break;
    what.before_offset = std::stoull(page["next_cursor"].get<std::string>());
  }
  CHECK(seen == std::vector<int>{5, 4, 3, 2, 1});
}

TEST_CASE("an unknown state is refused with a pointer") {
  one_inbox inbox;
  auto what = inbox.write.command(verb::list);
  what.state = "lost";
  auto reply = inbox.ask(what).reply;
  CHECK(reply.what == answer::kind::invalid);
  CHECK(reply.problems.at(0).pointer == "state");
}

TEST_CASE("an expired message is gone from list, count and frames") {
  one_inbox inbox;
  auto id = inbox.post("offer", monday + 30 * minute);
  inbox.post("stays");
  inbox.now = monday + 30 * minute;
  CHECK(inbox.list()["items"].size() == 1);
  CHECK(inbox.list()["unread"] == 1);
  CHECK(offsets(inbox.resume(0)) == list_of{2});
  CHECK(inbox.ask(verb::read, id).reply.what == answer::kind::not_found);
}

TEST_CASE("nothing is shown before it is durable") {
  one_inbox inbox;
  inbox.model.apply(inbox.write.post("x", monday), false, monday);
  CHECK(inbox.list()["items"].empty());
  CHECK(inbox.resume(0).offset == 0);
  CHECK(inbox.resume(0).frames.empty());
  CHECK(inbox.model.make_durable(inbox.write.durable(), monday) == 0);
  CHECK(offsets(inbox.resume(0)) == list_of{1});
}

TEST_CASE("who resumes gets what came after its offset, in order") {
  one_inbox inbox;
  auto a = inbox.post("a");
  inbox.changed(a, change::read);
  inbox.post("c");
  CHECK(offsets(inbox.resume(0)) == list_of{1, 2, 3});
  CHECK(offsets(inbox.resume(2)) == list_of{3});
  auto update = json::parse(inbox.resume(1).frames[0]->json);
  CHECK(
      update
      == json{
          {"op", "update"}, {"offset", 2}, {"id", to_string(a)}, {"state", "read"}, {"unread", 0}});
  auto here = inbox.resume(3);
  CHECK(here.recovered);
  CHECK(here.frames.empty());
  CHECK(here.unread == 1);
}

TEST_CASE("who starts gets no old frames") {
  one_inbox inbox;
  inbox.post("a");
  auto answer = inbox.resume(0, true);
  CHECK(answer.recovered);
  CHECK(answer.offset == 1);
  CHECK(answer.unread == 1);
  CHECK(answer.frames.empty());
}

TEST_CASE("who is ahead of what is durable is told so and gets what is unread") {
  one_inbox inbox;
  auto a = inbox.post("a");
  inbox.post("b");
  inbox.changed(a, change::read);
  auto answer = inbox.resume(9);
  CHECK_FALSE(answer.recovered);
  CHECK(offsets(answer) == list_of{2});
  CHECK(answer.offset == 3);
}

TEST_CASE("what is over the limits goes, and who is older than that is not recovered") {
  one_inbox inbox{{16, 8}};
  for (int i = 0; i < 40; ++i)
    inbox.post("m");
  auto list = inbox.list();
  CHECK(list["items"].size() <= 16);
  CHECK(list["unread"] == list["items"].size());
  CHECK_FALSE(inbox.resume(5).recovered);
  CHECK(inbox.resume(38).recovered);
  CHECK(offsets(inbox.resume(38)) == list_of{39, 40});
}

TEST_CASE("a message sent again takes the place of the older one") {
  one_inbox inbox;
  auto fact = inbox.write.post("again", monday);
  inbox.model.apply(fact, true, monday);
  inbox.changed(fact.id, change::read);
  auto post = std::get<in_app_posted>(*fact.body);
  post.offset = 3;
  fact.body = std::make_shared<const carillon::fact>(post);
  inbox.model.apply(fact, true, monday);
  CHECK(inbox.list()["items"].size() == 1);
  CHECK(inbox.list()["unread"] == 1);
  CHECK(offsets(inbox.resume(0)) == list_of{2, 3});
}

TEST_CASE("an erased person's inbox is empty and goes on with the next offset") {
  one_inbox inbox;
  inbox.post("secret");
  applied_fact erased;
  erased.tenant = inbox_writer::tenant;
  erased.body = std::make_shared<const fact>(recipient_erased{inbox.write.who()});
  inbox.model.apply(erased, true, monday);
  CHECK(inbox.list()["items"].empty());
  CHECK(inbox.resume(1).recovered);
  inbox.model.know(inbox.write.key());
  inbox.post("new life");
  CHECK(offsets(inbox.resume(1)) == list_of{2});
}

TEST_CASE("without the key nothing is shown") {
  one_inbox inbox;
  inbox.post("secret");
  inbox.model.know({inbox_writer::tenant, inbox.write.who(), {}});
  CHECK(inbox.list()["items"].empty());
  CHECK(inbox.resume(0).frames.empty());
  CHECK(inbox.resume(0).offset == 1);
}

TEST_CASE("the inbox is the same whether facts became durable one by one or were replayed") {
  one_inbox live;
  one_inbox replayed;
  std::vector<applied_fact> facts{live.write.post("a", monday), live.write.post("b", monday)};
  facts.push_back(live.write.change(facts[0].id, change::acked));
  facts.push_back(live.write.change(facts[1].id, change::archived));
  for (const auto& f : facts) {
    live.model.apply(f, false, monday);
    replayed.model.apply(f, true, monday);
  }
  live.model.make_durable(live.write.durable(), monday);
  CHECK(live.list() == replayed.list());
  CHECK(offsets(live.resume(0)) == offsets(replayed.resume(0)));
}

TEST_CASE("the inbox actor sends live frames in order, only of what is watched and durable") {
  actor_world world;
  plain_sealer seal;
  probe hub{world};
  inbox_writer write;
  auto box = world.spawn(inbox, inbox_arguments{hub.as<hub_actor>(), &seal, &world.clock()});
  world.tell(box, write.key());
  world.tell(box, apply_facts{{write.post("unseen", monday)}});
  world.tell(box, write.durable());
  CHECK_FALSE(hub.poll<live_frame_ptr>());
  world.tell(box, watch_inbox{inbox_writer::tenant, write.who(), true});
  world.tell(box, apply_facts{{write.post("a", monday), write.post("b", monday)}});
  CHECK_FALSE(hub.poll<live_frame_ptr>());
  world.tell(box, write.durable());
  CHECK(hub.next<live_frame_ptr>()->offset == 2);
  CHECK(hub.next<live_frame_ptr>()->offset == 3);
  world.tell(box, watch_inbox{inbox_writer::tenant, write.who(), false});
  world.tell(box, apply_facts{{write.post("c", monday)}});
  world.tell(box, write.durable());
  CHECK_FALSE(hub.poll<live_frame_ptr>());
}

TEST_CASE("the inbox actor answers commands and those who resume") {
  actor_world world;
  plain_sealer seal;
  probe hub{world};
  inbox_writer write;
  auto box = world.spawn(inbox, inbox_arguments{hub.as<hub_actor>(), &seal, &world.clock()});
  world.tell(box, write.key());
  auto post = write.post("a", monday);
  world.tell(box, apply_facts{{post}, true});
  auto read = world.ask<inbox_proposal>(box, write.command(verb::read, post.id));
  CHECK(read->get().changes.size() == 1);
  auto resumed
      = world.ask<inbox_resumed>(box, resume_inbox{inbox_writer::tenant, write.who(), 0, false});
  CHECK(resumed->get().frames.size() == 1);
  applied_fact erased;
  erased.tenant = inbox_writer::tenant;
  erased.body = std::make_shared<const fact>(recipient_erased{write.who()});
  world.tell(box, apply_facts{{erased}, true});
  auto list = world.ask<inbox_proposal>(box, write.command(verb::list));
  CHECK(list->get().reply.body == R"({"items":[],"next_cursor":null,"unread":0})");
}
