#include "actors/inbox/inbox.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/inbox_facts.hpp"
#include "tests/support/plain_sealer.hpp"
#include "tests/support/quiet_log.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::test;
using verb = inbox_command::verb;
using change = in_app_change;

namespace {

constexpr auto minute = std::chrono::minutes{1};
const person somebody{inbox_writer::tenant, recipient_id{"p-1"}};

/// An inbox that forgets early, and everything about it that anybody can see.
struct kept_inbox {
  plain_sealer seal;
  inbox_model model{seal, {8, 6}};

  kept_inbox() {
    model.know({somebody.tenant, somebody.recipient, "key"});
  }

  std::string decided(verb what, const notification_id& id, const std::string& state,
                      timestamp now) {
    inbox_command m;
    m.tenant = somebody.tenant;
    m.recipient = somebody.recipient;
    m.what = what;
    m.id = id;
    m.state = state;
    m.limit = 100;
    m.action = "confirm";
    auto said = model.decide(m, now);
    auto out = std::to_string(static_cast<int>(said.reply.what)) + said.reply.body;
    for (const auto& [of, changed] : said.changes)
      out += to_string(of) + std::to_string(static_cast<int>(changed.what)) + changed.action;
    return out + '\n';
  }

  std::string resumed(std::uint64_t offset, bool fresh, timestamp now) {
    auto said = model.resume({somebody.tenant, somebody.recipient, offset, fresh}, now);
    auto out = std::to_string(said.offset) + ' ' + std::to_string(said.unread)
               + (said.recovered ? " recovered" : "");
    for (const auto& frame : said.frames)
      out += frame->json;
    return out + '\n';
  }

  std::string everything(const std::vector<notification_id>& ids, std::uint64_t last,
                         timestamp now) {
    std::string out = resumed(0, true, now);
    for (std::uint64_t offset = 0; offset <= last + 1; ++offset)
      out += resumed(offset, false, now);
    for (const char* state : {"", "unread", "read", "archived"})
      out += decided(verb::list, {}, state, now);
    out += decided(verb::read_all, {}, {}, now);
    for (const auto& id : ids)
      for (auto what : {verb::ack, verb::read, verb::archive, verb::act})
        out += decided(what, id, {}, now);
    return out;
  }
};

/// A recipient's story: facts as they come, told to any number of inboxes.
struct story {
  inbox_writer write;
  std::vector<notification_id> ids;
  timestamp now = monday;
  std::vector<kept_inbox*> told;

  void tell(const applied_fact& f, bool durable) {
    for (auto* inbox : told)
      inbox->model.apply(f, durable, now);
  }
  void make_durable() {
    for (auto* inbox : told)
      inbox->model.make_durable(write.durable(), now);
  }
  void post(bool durable, timestamp expires = no_time) {
    auto f = write.post("m" + std::to_string(ids.size()), now, expires);
    ids.push_back(f.id);
    tell(f, durable);
  }
  void expire(const notification_id& id) {
    applied_fact f;
    f.id = id;
    f.tenant = somebody.tenant;
    f.recipient = somebody.recipient;
    f.body = std::make_shared<const fact>(expired{});
    tell(f, true);
  }
  void erase() {
    applied_fact f;
    f.tenant = somebody.tenant;
    f.body = std::make_shared<const fact>(recipient_erased{somebody.recipient});
    tell(f, true);
    for (auto* inbox : told)
      inbox->model.know(write.key());
  }
  void step(int what, std::size_t luck, bool durable) {
    now += std::chrono::seconds{luck % 90};
    if (durable)
      make_durable(); // the journal keeps the order
    auto id = ids.empty() ? notification_id{} : ids[luck % ids.size()];
    if (what < 4)
      post(durable, what == 0 ? now + static_cast<int>(luck) * minute / 10 : no_time);
    else if (what == 4)
      tell(write.change({}, change::all_read), durable);
    else if (what == 5 && luck % 8 == 0)
      erase();
    else if (what == 6)
      expire(id);
    else if (!ids.empty())
      tell(write.change(id, static_cast<change>(luck % 4), luck % 4 == 3 ? "confirm" : ""),
           durable);
  }
};

using steps = std::vector<std::tuple<int, int, bool>>;

rc::Gen<steps> some_steps() {
  return rc::gen::container<steps>(rc::gen::tuple(rc::gen::inRange(0, 11), rc::gen::inRange(0, 200),
                                                  rc::gen::arbitrary<bool>()));
}

void run(story& s, const steps& all) {
  for (auto [what, luck, durable] : all)
    s.step(what, static_cast<std::size_t>(luck), durable);
}

} // namespace

TEST_CASE(
    "a restored inbox shows and decides what the saved one does when all of it is durable, and "
    "goes on like it") {
  auto ok = rc::check([] {
    kept_inbox live;
    kept_inbox other;
    story s;
    s.told = {&live};
    run(s, *some_steps());
    auto saved = live.model.save(somebody);
    other.model.restore(somebody, saved, s.now);
    s.make_durable();
    RC_ASSERT(other.everything(s.ids, s.write.offset(), s.now)
              == live.everything(s.ids, s.write.offset(), s.now));
    RC_ASSERT(other.model.save(somebody) == live.model.save(somebody));
    s.told = {&live, &other};
    run(s, *some_steps());
    s.make_durable();
    RC_ASSERT(other.everything(s.ids, s.write.offset(), s.now)
              == live.everything(s.ids, s.write.offset(), s.now));
  });
  CHECK(ok);
}

TEST_CASE("saving changes nothing that is seen, and the same is saved when it became durable") {
  auto ok = rc::check([] {
    kept_inbox live;
    kept_inbox twin;
    story s;
    s.told = {&live, &twin};
    run(s, *some_steps());
    auto saved = live.model.save(somebody);
    RC_ASSERT(live.everything(s.ids, s.write.offset(), s.now)
              == twin.everything(s.ids, s.write.offset(), s.now));
  });
  CHECK(ok);
}

TEST_CASE("facts that a restored inbox has seen already change nothing") {
  auto ok = rc::check([] {
    kept_inbox live;
    kept_inbox other;
    story s;
    s.told = {&live};
    std::vector<applied_fact> facts;
    for (int i = 0; i < 12; ++i) {
      facts.push_back(i % 3 == 2 ? s.write.change(facts[0].id, change::read)
                                 : s.write.post("m", s.now));
      s.tell(facts.back(), true);
    }
    other.model.restore(somebody, live.model.save(somebody), s.now);
    auto from = static_cast<std::size_t>(*rc::gen::inRange(0, 12));
    for (auto i = from; i < facts.size(); ++i)
      other.model.apply(facts[i], true, s.now);
    RC_ASSERT(other.everything({facts[0].id}, 12, s.now)
              == live.everything({facts[0].id}, 12, s.now));
  });
  CHECK(ok);
}

TEST_CASE("an inbox without anything is saved as nothing, and nothing restores nothing") {
  kept_inbox inbox;
  CHECK(inbox.model.save(somebody).empty());
  CHECK(inbox.model.save({somebody.tenant, recipient_id{"nobody"}}).empty());
  story s;
  s.told = {&inbox};
  s.post(true);
  auto before = inbox.everything(s.ids, 1, s.now);
  inbox.model.restore(somebody, {}, s.now);
  CHECK(inbox.everything(s.ids, 1, s.now) == before);
}

TEST_CASE("what was evicted is gone until it is restored") {
  kept_inbox inbox;
  story s;
  s.told = {&inbox};
  s.post(true);
  auto before = inbox.everything(s.ids, 1, s.now);
  auto saved = inbox.model.save(somebody);
  inbox.model.evict(somebody);
  CHECK(inbox.model.save(somebody).empty());
  CHECK(inbox.model.resume({somebody.tenant, somebody.recipient, 0, false}, s.now).frames.empty());
  inbox.model.know(s.write.key());
  inbox.model.restore(somebody, saved, s.now);
  CHECK(inbox.everything(s.ids, 1, s.now) == before);
}

TEST_CASE("who is watched, or waits for the journal, is not evicted") {
  kept_inbox inbox;
  story s;
  s.told = {&inbox};
  s.post(false);
  inbox.model.evict(somebody);
  s.make_durable();
  CHECK(inbox.resumed(0, true, s.now) == "1 1 recovered\n");
  inbox.model.watch({somebody.tenant, somebody.recipient, true});
  inbox.model.evict(somebody);
  CHECK(inbox.resumed(0, true, s.now) == "1 1 recovered\n");
  inbox.model.watch({somebody.tenant, somebody.recipient, false});
  inbox.model.evict(somebody);
  CHECK(inbox.resumed(0, true, s.now) == "0 0 recovered\n");
}

TEST_CASE("an older snapshot takes nothing away, and watchers, key and what is pending stay") {
  kept_inbox inbox;
  kept_inbox other;
  story s;
  s.told = {&inbox};
  s.post(true);
  auto old = inbox.model.save(somebody);
  s.post(true);
  inbox.model.restore(somebody, old, s.now);
  CHECK(inbox.resumed(0, true, s.now) == "2 2 recovered\n");
  auto newer = inbox.model.save(somebody);
  s.told = {&other};
  other.model.watch({somebody.tenant, somebody.recipient, true});
  s.post(false);
  other.model.restore(somebody, newer, s.now);
  CHECK(other.model.is_watched(somebody.tenant, somebody.recipient));
  CHECK(other.resumed(0, true, s.now) == "2 2 recovered\n");
  s.make_durable();
  CHECK(other.resumed(0, true, s.now) == "3 3 recovered\n");
}

TEST_CASE("what has expired meanwhile is not restored") {
  kept_inbox inbox;
  kept_inbox other;
  story s;
  s.told = {&inbox};
  s.post(true, s.now + minute);
  s.post(true);
  other.model.restore(somebody, inbox.model.save(somebody), s.now + minute);
  CHECK(other.resumed(0, true, s.now) == "2 1 recovered\n");
}

TEST_CASE("damaged bytes leave an empty inbox whose offsets go on, or nothing") {
  quiet_log quiet;
  kept_inbox inbox;
  story s;
  s.told = {&inbox};
  s.post(true);
  s.tell(s.write.change(s.ids[0], change::read), true);
  auto saved = inbox.model.save(somebody);
  for (std::size_t size = 1; size < saved.size(); ++size) {
    kept_inbox other;
    other.model.restore(somebody, saved.substr(0, size), s.now);
    CHECK(other.resumed(0, true, s.now) == (size == 1 ? "0 0 recovered\n" : "2 0 recovered\n"));
  }
  kept_inbox other;
  other.model.restore(somebody, '\x7f' + saved, s.now);
  CHECK(other.resumed(0, true, s.now) == "0 0 recovered\n");
}

TEST_CASE("any change of a byte is read without harm") {
  quiet_log quiet;
  auto ok = rc::check([] {
    kept_inbox inbox;
    kept_inbox other;
    story s;
    s.told = {&inbox};
    run(s, *some_steps());
    auto saved = inbox.model.save(somebody);
    RC_PRE(!saved.empty());
    auto at = static_cast<std::size_t>(*rc::gen::inRange(0, 10'000)) % saved.size();
    saved[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    other.model.restore(somebody, saved, s.now);
    other.everything(s.ids, s.write.offset(), s.now);
  });
  CHECK(ok);
}

TEST_CASE("the inbox actor collects in the order it is asked in, and restores and evicts") {
  actor_world world;
  plain_sealer seal;
  probe hub{world};
  inbox_writer write;
  person nobody{inbox_writer::tenant, recipient_id{"p-0"}};
  auto box = world.spawn(inbox, inbox_arguments{hub.as<hub_actor>(), &seal, &world.clock()});
  world.tell(box, write.key());
  world.tell(box, apply_facts{{write.post("a", monday)}, true});
  auto parts = world.ask<people_parts>(box, collect_people{{nobody, somebody}})->get().parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].empty());
  CHECK_FALSE(parts[1].empty());
  auto unread = [&] {
    resume_inbox q{somebody.tenant, somebody.recipient, 0, true};
    return world.ask<inbox_resumed>(box, q)->get().unread;
  };
  world.tell(box, evict_people{{somebody}});
  CHECK(unread() == 0);
  world.tell(box, restore_people{{{somebody, parts[1]}}});
  CHECK(unread() == 1);
}
