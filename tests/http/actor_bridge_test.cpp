#include "adapters/http/actor_bridge.hpp"

#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

/// An actor system and a catalogue actor that answers by name.
class bridge_world {
public:
  bridge_world() : system(config), bridge(std::make_unique<http::actor_bridge>(system)) {
    catalog = system.spawn([this]() -> catalog_actor::behavior_type {
      return {[this](const catalogue_command& what) -> caf::result<answer> {
                if (what.name == "fails")
                  return make_error(errc::overloaded, "planned");
                if (what.name == "never")
                  return caf::delegated<answer>{};
                answer reply;
                reply.body = what.name;
                return reply;
              },
              [](const start_catalog&) { return caf::unit; }};
    });
  }

  ~bridge_world() {
    caf::anon_send_exit(catalog, caf::exit_reason::kill);
  }

  /// What came of a question: the body, or the error's code.
  std::string ask(const catalog_actor& whom, std::string name) {
    catalogue_command question;
    question.name = std::move(name);
    auto got = std::make_shared<std::promise<std::string>>();
    bridge->ask(whom, std::move(question), [got](caf::expected<answer> reply) {
      got->set_value(reply ? reply->body
                           : "error " + std::string{to_string(code_of(reply.error()))});
    });
    auto result = got->get_future();
    return result.wait_for(10s) == std::future_status::ready ? result.get() : "no answer";
  }

  caf::actor_system_config config;
  caf::actor_system system;
  std::unique_ptr<http::actor_bridge> bridge;
  catalog_actor catalog;
};

} // namespace

TEST_CASE("an actor is asked and answers, with a value or an error", "[http][bridge]") {
  bridge_world world;
  CHECK(world.ask(world.catalog, "hello") == "hello");
  CHECK(world.ask(world.catalog, "fails") == "error overloaded");
  CHECK(world.bridge->pending() == 0);
}

TEST_CASE("nobody to ask, or somebody gone, is an error", "[http][bridge]") {
  bridge_world world;
  CHECK(world.ask(catalog_actor{}, "hello") == "error not_ready");
  const auto gone = world.system.spawn([]() -> catalog_actor::behavior_type {
    return {[](const catalogue_command&) -> caf::result<answer> {
              throw std::runtime_error{"planned"};
            },
            [](const start_catalog&) { return caf::unit; }};
  });
  CHECK(world.ask(gone, "hello") == "error none"); // CAF's own error, not one of ours
  CHECK(world.ask(gone, "hello") == "error none");
}

TEST_CASE("an answer without content is an answer", "[http][bridge]") {
  bridge_world world;
  auto got = std::make_shared<std::promise<bool>>();
  world.bridge->ask(world.catalog, start_catalog{}, [got](const caf::expected<caf::unit_t>& reply) {
    got->set_value(bool{reply});
  });
  CHECK(got->get_future().get());
}

TEST_CASE("many questions from many threads each get their own answer", "[http][bridge]") {
  bridge_world world;
  std::vector<std::future<bool>> threads;
  for (int t = 0; t < 4; ++t)
    threads.push_back(std::async(std::launch::async, [&, t] {
      for (int i = 0; i < 500; ++i) {
        const auto name = std::to_string(t * 1000 + i);
        if (world.ask(world.catalog, name) != name)
          return false;
      }
      return true;
    }));
  for (auto& each : threads)
    CHECK(each.get());
}

TEST_CASE("a bridge that ends forgets what was not answered", "[http][bridge]") {
  bridge_world world;
  auto held = std::make_shared<int>(1);
  catalogue_command question;
  question.name = "never";
  world.bridge->ask(world.catalog, std::move(question), [held](const caf::expected<answer>&) {});
  CHECK(held.use_count() == 2);
  world.bridge.reset();
  CHECK(held.use_count() == 1);
}
