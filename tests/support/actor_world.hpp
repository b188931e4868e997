#pragma once

#include "messages/time.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace carillon::test {

/// A Monday morning, the start of every world: 2026-11-23T09:00:00Z.
inline const timestamp monday = timestamp{std::chrono::seconds{1'795'424'400}};

/// What came of a question; neither part is set while there is no answer.
template <class R>
struct reply {
  std::optional<R> value;
  std::optional<caf::error> error;

  [[nodiscard]] bool pending() const {
    return !value && !error;
  }
  R& get() {
    REQUIRE_FALSE(error);
    REQUIRE(value);
    return *value;
  }
};

/// Wall clock that follows the world's timers, plus what the test made it jump.
class world_clock final : public clock {
public:
  explicit world_clock(caf::detail::test_actor_clock& timers)
      : timers_(&timers), start_(timers.current_time) {}
  [[nodiscard]] timestamp now() const noexcept override {
    return monday + std::chrono::duration_cast<duration>(timers_->current_time - start_) + jumped_;
  }
  void jump(duration d) {
    jumped_ += d;
  }

private:
  caf::detail::test_actor_clock* timers_;
  caf::actor_clock::time_point start_;
  duration jumped_{0};
};

/// An actor system that runs on the test's thread, message by message, with a clock that only the
/// test moves. Detached actors still run on threads of their own: give tests the in-memory ones.
/// Everything spawned with `spawn` is told to exit when the world ends.
class actor_world {
public:
  actor_world()
      : system_(prepared(config_)), scheduler_(coordinator(system_)), clock_(scheduler_.clock()) {}
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;

  ~actor_world() {
    settle();
    for (auto& child : children_)
      caf::anon_send_exit(child, caf::exit_reason::kill);
    children_.clear();
    settle();
  }

  caf::actor_system& system() {
    return system_;
  }
  world_clock& clock() {
    return clock_;
  }
  [[nodiscard]] timestamp now() const {
    return clock_.now();
  }

  /// Spawns `function(self, args...)`.
  template <class Function, class... Args>
  auto spawn(Function function, Args&&... args) {
    auto handle = system_.spawn(function, std::forward<Args>(args)...);
    own(handle);
    settle();
    return handle;
  }

  /// Ends an actor that was spawned elsewhere together with the world.
  template <class Handle>
  void own(const Handle& handle) {
    children_.push_back(caf::actor_cast<caf::strong_actor_ptr>(handle));
  }

  /// Runs until nobody has anything to do; timers stay. Gives the number of steps.
  std::size_t settle() {
    std::size_t n = 0;
    while (scheduler_.try_run_once())
      ++n;
    return n;
  }

  /// Moves both clocks; every timer on the way fires at its own time.
  void advance(duration d) {
    auto& timers = scheduler_.clock();
    settle();
    auto target = timers.current_time + d;
    while (!timers.schedule().empty() && timers.schedule().begin()->first <= target) {
      timers.trigger_timeout();
      settle();
    }
    timers.current_time = target;
  }

  /// Moves the wall clock alone, as an operator or NTP does; timers do not see it.
  void jump(duration d) {
    clock_.jump(d);
  }

  /// Asks, runs, and gives what was answered so far.
  template <class R, class Handle, class... Ts>
  std::shared_ptr<reply<R>> ask(const Handle& whom, Ts... question) {
    auto out = std::make_shared<reply<R>>();
    system_.spawn([=](caf::event_based_actor* self) {
      auto failed = [out](caf::error& e) { out->error = std::move(e); };
      if constexpr (std::is_same_v<R, caf::unit_t>) // comes as an empty message, which a typed
                                                    // request cannot take
        self->request(caf::actor_cast<caf::actor>(whom), caf::infinite, question...)
            .then([out] { out->value = caf::unit; }, failed);
      else
        self->request(whom, caf::infinite, question...)
            .then([out](R& x) { out->value = std::move(x); }, failed);
    });
    settle();
    return out;
  }

  /// Sends and runs.
  template <class Handle, class... Ts>
  void tell(const Handle& whom, Ts... message) {
    caf::anon_send(whom, std::move(message)...);
    settle();
  }

private:
  static caf::actor_system_config& prepared(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    return config;
  }

  static caf::scheduler::test_coordinator& coordinator(caf::actor_system& system) {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  world_clock clock_;
  std::vector<caf::strong_actor_ptr> children_;
};

/// A neighbour played by the test: gets messages and keeps them until they are asked for.
class probe {
public:
  explicit probe(actor_world& world) : world_(&world), self_(world.system()) {}

  /// Its handle, as any typed actor that the test pretends it is.
  template <class Handle>
  Handle as() {
    return caf::actor_cast<Handle>(caf::actor_cast<caf::strong_actor_ptr>(self_.ptr()));
  }

  /// The next message, which must be a T.
  template <class T>
  T next() {
    world_->settle();
    std::optional<T> out;
    self_->receive([&](T& x) { out = std::move(x); }, caf::after(std::chrono::seconds{0}) >> [] {});
    REQUIRE(out);
    return std::move(*out);
  }

  /// Whether a T waits at the front.
  template <class T>
  std::optional<T> poll() {
    world_->settle();
    std::optional<T> out;
    self_->receive([&](T& x) { out = std::move(x); }, caf::after(std::chrono::seconds{0}) >> [] {});
    return out;
  }

private:
  actor_world* world_;
  caf::scoped_actor self_;
};

} // namespace carillon::test
