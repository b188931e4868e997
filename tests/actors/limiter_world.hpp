#pragma once

#include "actors/rate_limiter/rate_limiter_model.hpp"
#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

/// Questions and facts for a limiter of one recipient, and a small world around it.
namespace carillon::test::limiter {

inline const tenant_id tenant{"t"};
inline const recipient_id somebody{"p"};
inline const person somebody_there{tenant, somebody};

inline std::array<window_limits, enum_count<channel>> sms_limits(window_limits limits) {
  std::array<window_limits, enum_count<channel>> out{};
  out[static_cast<std::size_t>(channel::sms)] = limits;
  return out;
}

inline notification_id id_of(std::uint64_t n) {
  return make_notification_id(partition_id{0}, monday, 0, n);
}

inline assessment question(std::uint64_t n, timestamp now, bool reserve) {
  assessment a;
  a.id = id_of(n);
  a.tenant = tenant;
  a.recipient = somebody;
  a.now = now;
  a.reserve = reserve;
  a.steps.emplace_back();
  return a;
}

inline step_verdict ask(rate_limiter_model& model, std::uint64_t n, timestamp now, bool reserve) {
  auto a = question(n, now, reserve);
  model.decide(a);
  return a.steps.front();
}

template <class Fact>
applied_fact applied(std::uint64_t n, timestamp at, Fact body) {
  applied_fact f;
  f.id = id_of(n);
  f.tenant = tenant;
  f.recipient = somebody;
  f.at = at;
  f.on = channel::sms;
  f.body = std::make_shared<const fact>(std::move(body));
  return f;
}

inline applied_fact started(std::uint64_t n, timestamp at) {
  attempt_started f;
  f.number = 1;
  return applied(n, at, f);
}

inline applied_fact held(std::uint64_t n, timestamp at, timestamp until) {
  step_held f;
  f.until = until;
  f.why = reason::rate_limited;
  return applied(n, at, f);
}

/// A small world around the model: notifications that ask, start, wait, give up, and an engine that
/// restarts.
struct simulation {
  window_limits limits;
  rate_limiter_model model;
  std::vector<applied_fact> journal;
  std::vector<timestamp> attempts;
  std::deque<std::pair<std::uint64_t, timestamp>> waiting;
  timestamp now = monday;
  std::uint64_t next = 1;

  explicit simulation(window_limits l) : limits(l), model(sms_limits(l)) {}

  void record(applied_fact f) {
    model.apply(f);
    journal.push_back(std::move(f));
  }

  void attempt(std::uint64_t n, int luck) {
    auto v = ask(model, n, now, true);
    if (v.says == verdict::hold) {
      REQUIRE(v.until > now);
      record(held(n, now, v.until));
      waiting.emplace_back(n, v.until);
    } else if (luck % 5 == 0) {
      model.release({tenant, somebody, channel::sms, id_of(n)});
    } else {
      attempts.push_back(now);
      record(started(n, now));
    }
  }

  void release_due(int luck) {
    for (auto n = waiting.size(); n > 0; --n) {
      auto [id, until] = waiting.front();
      waiting.pop_front();
      if (until > now)
        waiting.emplace_back(id, until);
      else
        attempt(id, luck);
    }
  }

  void restart() {
    rate_limiter_model fresh{sms_limits(limits)};
    for (const auto& f : journal)
      fresh.apply(f);
    model = std::move(fresh);
  }

  void step(int what, int luck) {
    now += std::chrono::milliseconds{luck * 137};
    switch (what) {
    case 0:
    case 1:
      attempt(next++, luck);
      break;
    case 2:
      release_due(luck);
      break;
    case 3:
      if (!waiting.empty()) {
        record(applied(waiting.front().first, now, cancelled{}));
        waiting.pop_front();
      }
      break;
    case 4:
      restart();
      break;
    default:
      ask(model, next++, now, false);
    }
  }

  [[nodiscard]] std::size_t most_in(duration window) const {
    std::size_t most = 0;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      auto first = std::upper_bound(attempts.begin(), attempts.end(), attempts[i] - window);
      most = std::max(most, static_cast<std::size_t>(attempts.begin()
                                                     + static_cast<std::ptrdiff_t>(i) + 1 - first));
    }
    return most;
  }
};

} // namespace carillon::test::limiter
