#include "actors/partition/notification_table.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;

namespace {

notification_id id_of(std::uint64_t n) {
  return make_notification_id({7}, timestamp{std::chrono::seconds{1'795'424'400}}, 1, n);
}

timestamp any_time() {
  auto real = rc::gen::map(rc::gen::inRange<std::int64_t>(1, 253'402'300'798'999'999),
                           [](auto n) { return timestamp{duration{n}}; });
  return *rc::gen::oneOf(real, rc::gen::just(no_time), rc::gen::just(far_future));
}

std::string any_text() {
  return *rc::gen::string<std::string>();
}

template <class T>
T any_code(int count) {
  return static_cast<T>(*rc::gen::inRange(0, count));
}

template <class T>
T any_number() {
  return *rc::gen::arbitrary<T>();
}

step_state any_step() {
  return {any_code<status>(15),
          any_code<reason>(30),
          any_number<bool>(),
          any_number<bool>(),
          any_number<std::uint16_t>(),
          any_number<std::uint16_t>(),
          any_time(),
          any_time()};
}

attempt_state any_attempt() {
  return {any_number<std::uint16_t>(),
          any_number<std::uint8_t>(),
          any_code<status>(15),
          any_code<error_class>(7),
          any_number<bool>(),
          any_text(),
          any_text(),
          any_text(),
          any_time(),
          any_time(),
          any_time(),
          any_time(),
          any_time()};
}

notification_entry any_entry(std::uint64_t n) {
  static const auto plan = std::make_shared<const notification_plan>();
  notification_entry e;
  e.tenant = tenant_id{any_text()};
  e.last_sequence = any_number<std::uint64_t>();
  e.armed = any_time();
  auto& s = e.state;
  s.id = id_of(n);
  s.recipient = recipient_id{any_text()};
  s.plan = plan;
  s.event_id = any_text();
  s.source = any_text();
  s.correlation_key = any_text();
  s.dedupe = make_hash(any_text());
  s.ordinal = any_number<std::uint16_t>();
  s.current = any_number<std::uint8_t>();
  s.fresh = any_number<bool>();
  s.now = any_code<status>(15);
  s.why = any_code<reason>(30);
  s.created_at = any_time();
  s.updated_at = any_time();
  s.send_at = any_time();
  s.expires_at = any_time();
  for (auto i = *rc::gen::inRange(1, 4); i > 0; --i)
    s.steps.push_back(any_step());
  s.plan = std::make_shared<const notification_plan>(
      notification_plan{"t",
                        category::transactional,
                        priority::normal,
                        strategy::fallback,
                        std::vector<planned_step>(s.steps.size()),
                        {},
                        0,
                        0});
  for (auto i = *rc::gen::inRange(0, 4); i > 0; --i)
    s.attempts.push_back(any_attempt());
  s.current %= static_cast<std::uint8_t>(s.steps.size());
  for (auto& a : s.attempts)
    a.step %= static_cast<std::uint8_t>(s.steps.size());
  return e;
}

} // namespace

TEST_CASE("a notification is the same after it was packed") {
  CHECK(rc::check([] {
    packed_context shared;
    auto e = any_entry(1);
    auto packed = pack(e, shared);
    RC_ASSERT(unpack(e.state.id, packed.get(), shared) == e);
    release(packed.get(), shared);
    RC_ASSERT(shared.texts.size() == 0);
    RC_ASSERT(shared.plans.size() == 0);
  }));
}

TEST_CASE("a table of notifications holds what was put in, packed or not") {
  CHECK(rc::check([] {
    notification_table table;
    std::map<notification_id, notification_entry> expected;
    for (auto i = *rc::gen::inRange(1, 30); i > 0; --i) {
      auto n = *rc::gen::inRange<std::uint64_t>(0, 8);
      auto id = id_of(n);
      if (auto* known = table.find(id); known == nullptr)
        expected[id] = table.insert(id, any_entry(n));
      else if (*rc::gen::arbitrary<bool>())
        expected[id].last_sequence = known->last_sequence = any_number<std::uint64_t>();
      else
        table.erase(id), expected.erase(id);
      if (*rc::gen::arbitrary<bool>())
        table.pack();
    }
    RC_ASSERT(table.size() == expected.size());
    RC_ASSERT(table.size() == expected.size());
    std::size_t seen = 0;
    table.each([&](const notification_entry& e) {
      ++seen;
      RC_ASSERT(e == expected.at(e.state.id));
    });
    RC_ASSERT(seen == expected.size());
    for (const auto& [id, e] : expected)
      RC_ASSERT(*table.find(id) == e);
  }));
}

TEST_CASE("a notification that somebody works on is not packed") {
  notification_table table;
  notification_entry e;
  e.state.id = id_of(1);
  e.state.plan = std::make_shared<const notification_plan>();
  e.busy = true;
  auto* kept = &table.insert(e.state.id, e);
  table.pack();
  CHECK(table.find(e.state.id) == kept);
  kept->busy = false;
  table.settle(e.state.id);
  table.pack();
  CHECK(table.find(e.state.id)->state.id == e.state.id);
}
