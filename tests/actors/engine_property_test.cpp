#include "messages/fact_codec.hpp"

#include "tests/actors/engine_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;
using rverb = recipient_command::verb;
using nverb = notification_command::verb;

namespace {

constexpr auto rule_text
    = R"({"event":"test.happened","notifications":[{"type":"note","category":"transactional",
  "recipient":"data.who","content":{"sms":{"text":"x"},"email":{"subject":"S","text":"T"},
  "in_app":{"title":"H","body":"B"}},"expires":"6h",
  "delivery":{"strategy":"fallback","channels":[{"channel":"sms"},{"channel":"email"},{"channel":"in_app"}]}}]})";

constexpr auto somebody
    = R"({"roles":["nurse"],"contacts":{"sms":"+15550001111","email":"a@example.org"}})";

call_outcome any_outcome(std::mt19937& random) {
  static constexpr error_class errors[]
      = {error_class::transient, error_class::rate_limited, error_class::soft_bounce,
         error_class::permanent_address, error_class::auth};
  switch (random() % 4) {
  case 0:
    return provider_script::failed(errors[random() % std::size(errors)]);
  case 1:
    return provider_script::unknown();
  default:
    return provider_script::accepted();
  }
}

/// Half of them have no room for people: who is written down leaves memory at once.
settings any_settings(std::uint32_t seed) {
  settings s;
  if (seed % 2 == 0)
    s.budget.people = 0;
  return s;
}

/// One random history: events, outcomes, faults, cancels, restarts, settled segments, time.
struct history {
  explicit history(std::uint32_t seed, bool forgets_what_is_over = false)
      : engine(any_settings(seed)), random(seed), forgets(forgets_what_is_over) {
    engine.rule("r", rule_text);
    engine.start();
    for (auto who : {"a", "b"})
      engine.person(who, rverb::put, somebody);
    auto record = [this](const provider_call& m) {
      calls[m.on].push_back({engine.world.now(), m});
    };
    engine.sms.on_call = record;
    engine.email.on_call = record;
  }

  void step(int n) {
    for (auto* script : {&engine.sms, &engine.email}) {
      script->answers.clear();
      for (int i = 0; i < 8; ++i)
        script->answers.push_back(any_outcome(random));
    }
    switch (random() % 12) {
    case 8:
      settled += (forgets ? engine.drop_history() : engine.settle_journal()).empty() ? 1U : 0U;
      break;
    case 10:
      if (!ids.empty())
        engine.command_async(ids[random() % ids.size()], nverb::replay);
      break;
    case 11:
      if (forgets) // and with them their limits
        erase_and_return();
      break;
    case 9:
      change_person();
      break;
    case 0:
      engine.world.advance(std::chrono::seconds{random() % 90});
      break;
    case 1:
      if (!ids.empty())
        engine.command_async(ids[random() % ids.size()],
                             nverb::cancel); // its partition may be restarting
      break;
    case 2:
      engine.crash();
      engine.start();
      break;
    case 3:
      (random() % 2 == 0 ? engine.faults->fail_before : engine.faults->fail_after) = 1;
      break;
    default:
      post(n);
    }
  }

  void erase_and_return() {
    for (auto what : {rverb::erase, rverb::put}) {
      recipient_command m{engine.tenant, recipient_id{"a"}, what, {}, {}, 0};
      m.body = std::make_shared<const nlohmann::json>(nlohmann::json::parse(somebody));
      engine.world.ask<answer>(engine.intake, m);
    }
  }

  void change_person() {
    static constexpr const char* layers[] = {"{}", R"({"channels":{"sms":{"enabled":false}}})",
                                             R"({"preferred_channels":["email"]})"};
    recipient_command m;
    m.tenant = engine.tenant;
    m.recipient = recipient_id{random() % 2 == 0 ? "a" : "b"};
    m.what = rverb::put_preferences;
    m.body = std::make_shared<const nlohmann::json>(
        nlohmann::json::parse(layers[random() % std::size(layers)]));
    engine.world.ask<answer>(engine.intake, m); // its partition may be restarting
  }

  /// What is known of both people, as the API shows it.
  std::vector<std::string> people() {
    std::vector<std::string> out;
    for (auto who : {"a", "b"}) {
      for (auto what : {rverb::get, rverb::get_preferences, rverb::get_resolved_preferences})
        out.push_back(engine.person(who, what, "{}").body);
      out.push_back(engine.inbox(who, inbox_command::verb::list).body);
    }
    return out;
  }

  void post(int n) {
    auto who = random() % 2 == 0 ? "a" : "b";
    auto body = std::string{R"({"who":")"} + who + "\"}";
    auto a = engine.post("e-" + std::to_string(n), "test.happened", body);
    for (const auto& x : a.notifications)
      ids.push_back(x.id);
  }

  void finish() {
    engine.faults->fail_before = 0;
    engine.faults->fail_after = 0;
    engine.sms.answers.clear();
    engine.email.answers.clear();
    for (int i = 0; i < 30; ++i)
      engine.world.advance(1h);
  }

  engine_world engine;
  std::mt19937 random;
  bool forgets;                       ///< settled segments are dropped at once, and people erased
  static inline unsigned settled = 0; ///< segments, in all histories
  std::vector<notification_id> ids;
  struct seen {
    timestamp at;
    provider_call call;
  };
  std::map<channel, std::vector<seen>> calls;
};

const std::set<std::string> ends{"sent",       "delivered", "read",           "clicked",
                                 "suppressed", "cancelled", "expired",        "dead_lettered",
                                 "bounced",    "failed",    "outcome_unknown"};

/// At most five text messages a minute and two e-mails a minute to one person, whatever happened.
void check_limits(const history& h) {
  for (const auto& [on, most] : {std::pair{channel::sms, 5}, std::pair{channel::email, 2}}) {
    auto all = h.calls.find(on);
    if (all == h.calls.end())
      continue;
    std::map<partition_id, std::vector<timestamp>> by_person;
    for (const auto& s : all->second)
      by_person[partition_of(s.call.id)].push_back(s.at);
    for (const auto& [who, times] : by_person)
      for (std::size_t i = 0; i + static_cast<std::size_t>(most) < times.size(); ++i)
        RC_ASSERT(times[i + static_cast<std::size_t>(most)] - times[i] >= 1min);
  }
}

/// Each call has an intent of its own, and none is made twice.
void check_intents(history& h) {
  std::set<std::string> keys;
  for (const auto& [on, all] : h.calls)
    for (const auto& s : all) {
      RC_ASSERT(keys.insert(s.call.idempotency_key).second);
      auto intended = false;
      for (const auto& row : h.engine.database->facts_of(h.engine.tenant, s.call.id))
        if (auto f = decode_fact(row.type, row.schema, row.body))
          if (const auto* begun = std::get_if<attempt_started>(&*f))
            intended = intended || begun->number == s.call.attempt;
      RC_ASSERT(intended);
    }
}

} // namespace

TEST_CASE("whatever happens, everything accepted ends with a reason, limits hold and no call lacks "
          "an intent") {
  auto ok = rc::check([](std::uint32_t seed) {
    history h{seed};
    for (int n = 0; n < 40; ++n)
      h.step(n);
    h.finish();
    for (const auto& id : h.ids) {
      auto now = h.engine.status_of(id);
      if (!ends.contains(now))
        RC_FAIL("notification " + to_string(id) + " is still " + now);
    }
    check_limits(h);
    check_intents(h);
  });
  CHECK(ok);
}

TEST_CASE("replaying the journal gives the state the live engine had") {
  auto ok = rc::check([](std::uint32_t seed) {
    history h{seed};
    for (int n = 0; n < 25; ++n)
      h.step(n);
    h.finish();
    std::map<notification_id, std::string> before;
    for (const auto& id : h.ids)
      before[id] = h.engine.command(id, nverb::show).body;
    auto people = h.people();
    h.engine.crash();
    h.engine.start();
    for (const auto& [id, body] : before)
      RC_ASSERT(h.engine.command(id, nverb::show).body == body);
    RC_ASSERT(h.people() == people);
  });
  CHECK(ok);
}

TEST_CASE("without the settled segments only what is over is missed") {
  auto ok = rc::check([](std::uint32_t seed) {
    history h{seed, true};
    for (int n = 0; n < 25; ++n)
      h.step(n);
    h.finish();
    std::map<notification_id, std::string> before;
    for (const auto& id : h.ids)
      before[id] = h.engine.command(id, nverb::show).body;
    auto people = h.people();
    h.engine.crash();
    h.engine.start();
    for (const auto& [id, body] : before)
      if (auto now = h.engine.command(id, nverb::show).body; now != body) {
        RC_ASSERT(now.empty());
        RC_ASSERT(ends.contains(nlohmann::json::parse(body).at("status").get<std::string>()));
      }
    RC_ASSERT(h.people() == people);
  });
  CHECK(ok);
  CHECK(history::settled > 100); // else nothing of this was tried
}
