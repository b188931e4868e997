#include "actors/rate_limiter/rate_limiter.hpp"

#include "tests/actors/limiter_world.hpp"
#include "tests/support/given.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>

using namespace carillon;
using namespace std::chrono_literals;
using namespace carillon::test::limiter;
using carillon::test::monday;

TEST_CASE(
    "a limit of two a minute lets two go and holds the third until the first has left the window") {
  test::given<rate_limiter_model> limiter{sms_limits({2, 0, 0})};
  auto& model = limiter.fact(started(1, monday)).fact(started(2, monday + 10s)).model();
  auto v = ask(model, 3, monday + 20s, false);
  CHECK(v.says == verdict::hold);
  CHECK(v.why == reason::rate_limited);
  CHECK(v.until == monday + 60s);
  CHECK(v.inputs == "2 per minute");
  CHECK(ask(model, 3, monday + 60s, true).says == verdict::pass);
}

TEST_CASE("those that wait get slots of their own, in order") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  model.apply(started(1, monday));
  CHECK(ask(model, 2, monday, false).until == monday + 1min);
  CHECK(ask(model, 3, monday, false).until == monday + 2min);
  CHECK(ask(model, 2, monday, false).until == monday + 1min);
  CHECK(ask(model, 4, monday + 1min, true).until == monday + 3min);
  CHECK(ask(model, 2, monday + 1min, true).says == verdict::pass);
}

TEST_CASE("a slot that was given counts until it is released or used") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  CHECK(ask(model, 1, monday, true).says == verdict::pass);
  CHECK(ask(model, 2, monday, true).says == verdict::hold);
  model.release({tenant, somebody, channel::sms, id_of(1)});
  CHECK(ask(model, 3, monday + 1s, true).says == verdict::hold); // promised to 2 a minute after 1
  CHECK(ask(model, 2, monday + 1min, true).says == verdict::pass);
}

TEST_CASE("the hour binds where the minute does not") {
  rate_limiter_model model{sms_limits({2, 3, 0})};
  for (int i = 0; i < 3; ++i)
    model.apply(started(static_cast<std::uint64_t>(i), monday + i * 5min));
  auto v = ask(model, 9, monday + 11min, false);
  CHECK(v.until == monday + 60min);
  CHECK(v.inputs == "3 per hour");
}

TEST_CASE("an ended notification gives its promised slot back") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  model.apply(started(1, monday));
  model.apply(held(2, monday, monday + 1min));
  model.apply(applied(2, monday + 1s, cancelled{}));
  CHECK(ask(model, 3, monday + 2s, false).until == monday + 1min);
}

TEST_CASE("a thousand that wait for one person are put in order without much ado") {
  rate_limiter_model model{sms_limits({5, 10, 50})};
  for (std::uint64_t n = 0; n < 1000; ++n) {
    auto v = ask(model, n, monday, true);
    if (v.says == verdict::hold)
      model.apply(held(n, monday, v.until));
    else
      model.apply(started(n, monday));
  }
  auto windows = model.confirmed(tenant, somebody).front();
  CHECK(windows.attempts.size() == 5);
  CHECK(windows.reservations.size() == 995);
}

TEST_CASE("a clock that was set back makes nothing early") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  model.apply(started(1, monday + 1h));
  auto v = ask(model, 2, monday, true);
  CHECK(v.says == verdict::hold);
  CHECK(v.until == monday + 1h + 1min);
}

TEST_CASE("no limit, in-app and emergencies are never held, and an emergency counts") {
  rate_limiter_model free{sms_limits({0, 0, 0})};
  for (std::uint64_t i = 0; i < 20; ++i)
    CHECK(ask(free, i, monday, true).says == verdict::pass);
  rate_limiter_model model{sms_limits({1, 0, 0})};
  model.apply(started(1, monday));
  auto a = question(2, monday, true);
  a.in = category::emergency;
  model.decide(a);
  CHECK(a.steps.front().says == verdict::pass);
  a = question(3, monday, true);
  a.steps.front().on = channel::in_app;
  model.decide(a);
  CHECK(a.steps.front().says == verdict::pass);
}

TEST_CASE("a step that is no longer at pass stays as it is, and the chain is not looked at further "
          "than needed") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  auto a = question(1, monday, false);
  a.steps.front().says = verdict::suppress;
  a.steps.front().why = reason::no_contact;
  a.steps.push_back({1, channel::email, {}, {}, {}, {}, {}, {}, 0});
  a.steps.push_back({2, channel::sms, {}, {}, {}, {}, {}, {}, 0});
  model.apply(started(9, monday));
  model.decide(a);
  CHECK(a.steps[0].why == reason::no_contact);
  CHECK(a.steps[1].says == verdict::pass);
  CHECK(a.steps[2].says == verdict::pass); // not asked: the e-mail may go
}

TEST_CASE("what no window needs any more is dropped") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  model.apply(started(1, monday));
  model.prune(monday + 61s);
  CHECK(model.recipients() == 0);
}

TEST_CASE(
    "no interleaving of attempts, holds, cancels, late releases and restarts exceeds a window") {
  auto ok = rc::check([] {
    simulation s{{3, 7, 20}};
    auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange(0, 300)));
    for (auto [what, luck] : steps)
      s.step(what, luck);
    RC_ASSERT(s.most_in(1min) <= 3);
    RC_ASSERT(s.most_in(1h) <= 7);
    RC_ASSERT(s.most_in(24h) <= 20);
  });
  CHECK(ok);
}

TEST_CASE("a release at the reserved time is never held again as long as all come in time") {
  auto ok = rc::check([] {
    auto wants = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40));
    rate_limiter_model model{sms_limits({2, 5, 0})};
    std::vector<std::pair<timestamp, std::uint64_t>> agenda;
    auto now = monday;
    std::uint64_t n = 0;
    for (auto gap : wants) {
      now += std::chrono::seconds{gap};
      agenda.emplace_back(now, ++n);
    }
    std::vector<std::uint64_t> held_once;
    while (!agenda.empty()) {
      auto i = std::min_element(agenda.begin(), agenda.end());
      auto [at, id] = *i;
      agenda.erase(i);
      auto v = ask(model, id, at, true);
      if (v.says == verdict::pass) {
        model.apply(started(id, at));
        continue;
      }
      RC_ASSERT(std::find(held_once.begin(), held_once.end(), id) == held_once.end());
      held_once.push_back(id);
      model.apply(held(id, at, v.until));
      agenda.emplace_back(v.until, id);
    }
  });
  CHECK(ok);
}

TEST_CASE("a replay of the journal gives the same windows") {
  auto ok = rc::check([] {
    simulation s{{3, 7, 20}};
    auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(0, 300)));
    for (auto [what, luck] : steps)
      s.step(what, luck);
    s.model.prune(s.now);
    auto live = s.model.confirmed(tenant, somebody);
    s.restart();
    s.model.prune(s.now);
    RC_ASSERT(live == s.model.confirmed(tenant, somebody));
  });
  CHECK(ok);
}

TEST_CASE("the limiter's actor answers a question and counts the facts it is told") {
  test::actor_world world;
  auto limiter = world.spawn(rate_limiter, rate_limiter_arguments{sms_limits({1, 0, 0}), nullptr});
  apply_facts facts;
  facts.facts.push_back(started(1, world.now()));
  world.tell(limiter, facts);
  assess q;
  q.items.push_back(question(2, world.now(), true));
  auto r = world.ask<assess>(limiter, q);
  CHECK(r->get().items.front().steps.front().says == verdict::hold);
  world.tell(limiter, release_slot{tenant, somebody, channel::sms, id_of(2)});
}
