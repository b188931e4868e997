#include "actors/partition/event_memory.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <map>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'795'424'400s};

hash16 event_of(int n) {
  return make_hash("event", std::to_string(n));
}

notification_id id_of(int n) {
  return make_notification_id({7}, start, 1, static_cast<std::uint64_t>(n));
}

} // namespace

TEST_CASE("an event is remembered with all that it planned, once each") {
  event_memory memory{100, 24h};
  CHECK_FALSE(memory.find(event_of(1)));
  memory.remember(event_of(1), start);
  CHECK(memory.find(event_of(1))->empty());
  for (int n : {1, 2, 1, 3, 2})
    memory.remember(event_of(1), id_of(n), start);
  CHECK(memory.find(event_of(1)) == std::vector{id_of(1), id_of(2), id_of(3)});
  CHECK_FALSE(memory.find(event_of(2)));
}

TEST_CASE("the newest events are remembered exactly, and older ones as perhaps seen") {
  CHECK(rc::check([] {
    constexpr int most = 16;
    event_memory memory{most, 24h};
    std::map<int, std::vector<notification_id>> expected;
    std::vector<int> order;
    for (int i = *rc::gen::inRange(0, 200); i > 0; --i) {
      auto n = *rc::gen::inRange(0, 40);
      auto id = id_of(*rc::gen::inRange(0, 5));
      auto known = std::find(order.end() - std::min<long>(most, std::ssize(order)), order.end(), n)
                   != order.end();
      if (!known) {
        order.push_back(n);
        expected[n].clear();
      }
      memory.remember(event_of(n), id, start);
      if (auto& ids = expected[n]; std::find(ids.begin(), ids.end(), id) == ids.end())
        ids.push_back(id);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      auto again = std::find(order.begin() + static_cast<long>(i) + 1, order.end(), order[i]);
      if (again != order.end())
        continue; // it came again later
      if (i + most >= order.size())
        RC_ASSERT(memory.find(event_of(order[i])) == expected[order[i]]);
      else
        RC_ASSERT(!memory.find(event_of(order[i])) && memory.maybe_forgotten(event_of(order[i])));
    }
  }));
}

TEST_CASE("an event is forgotten when its time is over") {
  event_memory memory{100, 1h};
  memory.remember(event_of(1), id_of(1), start);
  memory.remember(event_of(2), id_of(2), start + 2h);
  CHECK_FALSE(memory.find(event_of(1)));
  CHECK_FALSE(memory.maybe_forgotten(event_of(1)));
  CHECK(memory.find(event_of(2)) == std::vector{id_of(2)});
}
