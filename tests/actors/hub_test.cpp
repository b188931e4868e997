#include "actors/hub/hub.hpp"

#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;
using namespace carillon::test;

namespace {

const tenant_id tenant{"default"};
const recipient_id who{"p-1"};

/// A session that remembers what it was given.
struct fake_session final : live_session {
  std::vector<std::uint64_t> got;
  std::vector<std::string> closed;
  int greeted = 0;
  bool recovered = true;

  void resumed(const inbox_resumed& answer) override {
    ++greeted;
    recovered = answer.recovered;
    for (const auto& frame : answer.frames)
      push(frame);
  }
  void push(const live_frame_ptr& frame) override {
    got.push_back(frame->offset);
  }
  void close(std::string_view why) override {
    closed.emplace_back(why);
  }
};

live_frame_ptr frame(std::uint64_t offset, const recipient_id& whose = who) {
  return std::make_shared<live_frame>(live_frame{tenant, whose, offset, "{}"});
}

/// What an owner with frames 1 to `newest` answers.
inbox_resumed answer_from(const resume_inbox& question, std::uint64_t newest) {
  inbox_resumed result;
  result.offset = newest;
  if (!question.fresh)
    for (auto o = question.offset + 1; o <= newest; ++o)
      result.frames.push_back(frame(o));
  return result;
}

struct one_hub {
  hub_model model;
  std::shared_ptr<fake_session> session = std::make_shared<fake_session>();
  hub_requests asked;

  explicit one_hub(std::uint64_t offset, bool fresh = false, hub_patience patience = {})
      : model(patience) {
    asked = model.open({tenant, who, session, offset, fresh});
  }
  void answer(std::uint64_t newest) {
    auto question = asked.questions.at(0);
    asked = model.on_answer(question.session, question.round, answer_from(question.what, newest));
  }
  void live(std::uint64_t offset) {
    auto requests = model.on_frame(frame(offset));
    if (!requests.questions.empty())
      asked = requests;
  }
  void fail() {
    auto question = asked.questions.at(0);
    model.on_failure(question.session, question.round);
  }
};

using list_of = std::vector<std::uint64_t>;

partition_table owners_with(const partition_actor& owner) {
  partition_table table;
  table[partition_of(tenant, who).value] = owner;
  return table;
}

} // namespace

TEST_CASE("the first session of a person watches, the last one stops") {
  hub_model model;
  auto a = std::make_shared<fake_session>();
  auto b = std::make_shared<fake_session>();
  auto opened = model.open({tenant, who, a, 0, true});
  REQUIRE(opened.watches.size() == 1);
  CHECK(opened.watches[0].watching);
  REQUIRE(opened.questions.size() == 1);
  model.open({tenant, who, b, 0, true});
  CHECK(model.close({tenant, who, a}).watches.empty());
  auto last = model.close({tenant, who, b});
  REQUIRE(last.watches.size() == 1);
  CHECK_FALSE(last.watches[0].watching);
  CHECK(model.close({tenant, who, b}).watches.empty());
  CHECK(model.sessions() == 0);
}

TEST_CASE("frames that come while the session waits are not lost and not doubled") {
  one_hub hub{2};
  hub.live(4);
  hub.live(5);
  CHECK(hub.session->got.empty());
  hub.answer(4);
  CHECK(hub.session->got == list_of{3, 4, 5});
  hub.live(6);
  hub.live(6);
  hub.live(5);
  CHECK(hub.session->got == list_of{3, 4, 5, 6});
  CHECK(hub.session->greeted == 1);
}

TEST_CASE("who starts gets only what is new") {
  one_hub hub{0, true};
  hub.live(7);
  hub.answer(7);
  CHECK(hub.session->got.empty());
  hub.live(8);
  CHECK(hub.session->got == list_of{8});
}

TEST_CASE("a gap makes the hub ask again from the last frame sent") {
  one_hub hub{0};
  hub.answer(1);
  hub.live(4);
  CHECK(hub.session->got == list_of{1});
  REQUIRE(hub.asked.questions.size() == 1);
  CHECK(hub.asked.questions[0].what.offset == 1);
  CHECK_FALSE(hub.asked.questions[0].what.fresh);
  hub.live(5);
  hub.answer(4);
  CHECK(hub.session->got == list_of{1, 2, 3, 4, 5});
  CHECK(hub.session->greeted == 1);
}

TEST_CASE("a question that failed is asked again, later and later, and then the session closed") {
  one_hub hub{0, false, {3, 16}};
  std::vector<std::size_t> asked;
  hub.fail();
  for (std::size_t tick = 1; hub.model.wants_tick() && tick < 100; ++tick) {
    auto requests = hub.model.on_tick();
    if (requests.questions.empty())
      continue;
    asked.push_back(tick);
    CHECK(requests.watches.at(0).watching);
    hub.asked = requests;
    hub.fail();
  }
  CHECK(asked == std::vector<std::size_t>{1, 3});
  CHECK(hub.session->closed == std::vector<std::string>{"unavailable"});
  CHECK(hub.model.sessions() == 0);
}

TEST_CASE("an answer to an older question is ignored") {
  one_hub hub{0};
  auto stale = hub.asked.questions[0];
  hub.fail();
  hub.asked = hub.model.on_tick();
  hub.model.on_answer(stale.session, stale.round, answer_from(stale.what, 9));
  CHECK(hub.session->greeted == 0);
  hub.answer(2);
  CHECK(hub.session->got == list_of{1, 2});
}

TEST_CASE("when an owner restarts, everything is asked from it again and nothing is doubled") {
  actor_world world;
  probe owner{world};
  one_hub hub{0};
  hub.answer(2);
  auto table = owners_with(owner.as<partition_actor>());
  hub.asked = hub.model.on_owners(table);
  REQUIRE(hub.asked.questions.size() == 1);
  CHECK(hub.asked.watches.size() == 1);
  CHECK(hub.asked.questions[0].what.offset == 2);
  hub.answer(4);
  CHECK(hub.session->got == list_of{1, 2, 3, 4});
  CHECK(hub.session->greeted == 1);
  CHECK(hub.model.on_owners(table).questions.empty());
  CHECK(hub.model.on_owners(partition_table{}).questions.empty());
}

TEST_CASE("a session that missed more than is kept is closed and comes back") {
  one_hub hub{0};
  hub.answer(2);
  hub.live(400);
  auto question = hub.asked.questions.at(0);
  inbox_resumed lost;
  lost.offset = 400;
  lost.recovered = false;
  hub.model.on_answer(question.session, question.round, lost);
  CHECK(hub.session->closed == std::vector<std::string>{"unrecovered"});
  CHECK(hub.model.sessions() == 0);
}

TEST_CASE("a frame that its owner does not know of does not make the hub ask without pause") {
  one_hub hub{0};
  hub.live(50);
  hub.answer(3);
  CHECK(hub.asked.questions.empty());
  CHECK(hub.model.wants_tick());
  CHECK(hub.session->got == list_of{1, 2, 3});
}

TEST_CASE("draining closes every session and every later one") {
  one_hub hub{0};
  hub.answer(0);
  hub.model.drain();
  auto late = std::make_shared<fake_session>();
  CHECK(hub.model.open({tenant, who, late, 0, true}).questions.empty());
  CHECK(hub.session->closed == std::vector<std::string>{"draining"});
  CHECK(late->closed == std::vector<std::string>{"draining"});
}

TEST_CASE("whatever comes between, a session gets every offset once and in order") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random{seed};
    auto roll = [&](unsigned n) { return random() % n; };
    one_hub hub{0};
    std::uint64_t newest = 0;
    for (int step = 0; step < 60; ++step) {
      bool waiting = !hub.asked.questions.empty();
      switch (roll(4)) {
      case 0: // a frame, which may get lost on its way
        ++newest;
        if (roll(5) != 0)
          hub.live(newest);
        break;
      case 1:
        if (waiting)
          hub.answer(newest);
        break;
      case 2:
        if (waiting) {
          hub.fail();
          hub.asked = {};
        }
        break;
      default:
        if (auto due = hub.model.on_tick(); !due.questions.empty())
          hub.asked = due;
      }
    }
    for (int i = 0; i < 40 && (!hub.asked.questions.empty() || hub.model.wants_tick()); ++i) {
      if (!hub.asked.questions.empty())
        hub.answer(newest);
      if (auto due = hub.model.on_tick(); !due.questions.empty())
        hub.asked = due;
    }
    hub.live(++newest);
    if (!hub.asked.questions.empty())
      hub.answer(newest);
    if (!hub.session->closed.empty())
      continue;
    list_of expected;
    for (std::uint64_t o = 1; o <= newest; ++o)
      expected.push_back(o);
    CAPTURE(seed);
    CHECK(hub.session->got == expected);
  }
}

TEST_CASE("the hub actor watches before it asks, and asks again after a failure") {
  actor_world world;
  metrics numbers;
  probe intake{world};
  auto node = world.spawn(hub, hub_arguments{intake.as<intake_actor>(), &numbers});
  auto session = std::make_shared<fake_session>();
  world.tell(node, session_opened{tenant, who, session, 3, false});
  CHECK(numbers.live_sessions.get() == 1);
  CHECK(intake.next<watch_inbox>().watching);
  CHECK(intake.next<resume_inbox>().offset == 3);
  world.advance(std::chrono::seconds{6}); // no answer came
  CHECK(intake.next<watch_inbox>().watching);
  CHECK(intake.next<resume_inbox>().offset == 3);
  world.tell(node, session_closed{tenant, who, session});
  CHECK(numbers.live_sessions.get() == 0);
}

TEST_CASE("the hub actor gives the answer and then the frames to the session") {
  actor_world world;
  metrics numbers;
  auto owner = world.system().spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](const watch_inbox&) {}, [](const resume_inbox& m) { return answer_from(m, 2); }};
  });
  world.own(owner);
  auto node = world.spawn(hub, hub_arguments{caf::actor_cast<intake_actor>(owner), &numbers});
  auto session = std::make_shared<fake_session>();
  world.tell(node, session_opened{tenant, who, session, 0, false});
  world.tell(node, frame(3));
  CHECK(session->got == list_of{1, 2, 3});
  CHECK(numbers.live_frames.get() == 3);
  auto state = world.ask<health>(node, get_health{});
  CHECK(state->get().json == R"({"sessions":1})");
  CHECK_FALSE(world.ask<drained>(node, drain{})->pending());
  CHECK(session->closed == std::vector<std::string>{"draining"});
}
