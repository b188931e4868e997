#include "actors/rate_limiter/rate_limiter.hpp"
#include "tests/actors/limiter_world.hpp"
#include "tests/support/quiet_log.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace std::chrono_literals;
using namespace carillon::test::limiter;
using carillon::test::monday;

TEST_CASE("attempts that were saved, evicted and restored leave the same windows") {
  auto ok = rc::check([] {
    simulation s{{3, 7, 0}};
    auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange(0, 9000)));
    for (auto [what, luck] : steps)
      s.step(what, luck);
    s.model.prune(s.now);
    auto before = s.model.confirmed(tenant, somebody);
    auto saved = s.model.save(somebody_there);
    s.model.evict(somebody_there);
    for (const auto& w : s.model.confirmed(tenant, somebody))
      RC_ASSERT(w.attempts.empty());
    s.model.restore(somebody_there, saved);
    RC_ASSERT(s.model.confirmed(tenant, somebody) == before);
    rate_limiter_model other{sms_limits(s.limits)};
    other.restore(somebody_there, saved);
    RC_ASSERT(other.save(somebody_there) == saved);
  });
  CHECK(ok);
}

TEST_CASE("promises and given slots stay when attempts are evicted or replaced") {
  rate_limiter_model model{sms_limits({2, 0, 0})};
  model.apply(started(1, monday));
  CHECK(ask(model, 2, monday, true).says == verdict::pass);
  model.apply(held(3, monday, monday + 1min));
  model.evict(somebody_there);
  CHECK(model.confirmed(tenant, somebody).front().reservations.size() == 1);
  model.apply(started(4, monday));
  CHECK(ask(model, 5, monday + 1s, true).says == verdict::hold); // 2 has a slot
  model.restore(somebody_there, {});
  CHECK(model.confirmed(tenant, somebody).front().attempts.empty());
  CHECK(model.confirmed(tenant, somebody).front().reservations.size() == 2);
}

TEST_CASE("of a recipient without attempts nothing is saved, and nothing is left when they go") {
  rate_limiter_model model{sms_limits({1, 0, 0})};
  CHECK(model.save(somebody_there).empty());
  model.apply(started(1, monday));
  model.apply(started(2, monday + 2min));
  rate_limiter_model other{sms_limits({1, 0, 0})};
  other.restore(somebody_there, model.save(somebody_there));
  CHECK(other.confirmed(tenant, somebody).front().attempts
        == std::vector<timestamp>{monday + 2min});
  model.evict(somebody_there);
  CHECK(model.recipients() == 0);
  model.evict(somebody_there);
}

TEST_CASE("of damaged attempts, those that can be read count") {
  test::quiet_log quiet;
  rate_limiter_model model{sms_limits({0, 0, 9})};
  for (std::uint64_t n = 0; n < 5; ++n)
    model.apply(started(n, monday + static_cast<int>(n) * 1h));
  auto saved = model.save(somebody_there);
  rate_limiter_model other{sms_limits({0, 0, 9})};
  other.restore(somebody_there, std::string_view{saved}.substr(0, saved.size() - 1));
  CHECK(other.confirmed(tenant, somebody).front().attempts.size() == 4);
  auto ok = rc::check([] {
    rate_limiter_model any{sms_limits({0, 0, 9})};
    any.restore(somebody_there, *rc::gen::arbitrary<std::string>());
  });
  CHECK(ok);
}

TEST_CASE("the limiter's actor collects, evicts and restores") {
  test::actor_world world;
  auto limiter = world.spawn(rate_limiter, rate_limiter_arguments{sms_limits({1, 0, 0}), nullptr});
  world.tell(limiter, apply_facts{{started(1, world.now())}, true});
  auto says = [&] {
    assess q;
    q.items.push_back(question(2, world.now(), false));
    return world.ask<assess>(limiter, q)->get().items.front().steps.front().says;
  };
  person nobody{tenant, recipient_id{"nobody"}};
  auto parts = world.ask<people_parts>(limiter, collect_people{{nobody, somebody_there}});
  REQUIRE(parts->get().parts.size() == 2);
  CHECK(parts->get().parts[0].empty());
  world.tell(limiter, evict_people{{somebody_there}});
  CHECK(says() == verdict::pass);
  world.tell(limiter, restore_people{{{somebody_there, parts->get().parts[1]}}});
  CHECK(says() == verdict::hold);
}
