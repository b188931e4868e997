#include "adapters/providers/provider_shell.hpp"

#include "adapters/providers/support/http_client.hpp"
#include "adapters/simulator/simulator.hpp"
#include "tests/providers/fixture.hpp"
#include "tests/sockets/raw_server.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using namespace carillon::providers;
using namespace carillon::test;
using std::chrono::milliseconds;

namespace {

const notification_id some_id
    = parse_notification_id("01937b1e-7c00-7123-8123-456789abcdef").value();

/// A provider actor in front of a simulator.
struct world {
  simulator::simulator sim;
  system_time time;
  http_client http;
  caf::actor_system_config config;
  caf::actor_system system{config};
  provider_settings settings = twilio_settings(sim.base_url());
  provider_actor actor = spawn_provider(
      system, settings, make_provider(settings, {http, time, "http://127.0.0.1:1"}));
  caf::scoped_actor self{system};

  ~world() {
    http.stop();
    self->send_exit(actor, caf::exit_reason::user_shutdown);
  }

  static provider_call message(const std::string& to, milliseconds timeout = milliseconds{5000}) {
    provider_call out;
    out.id = some_id;
    out.attempt = 3;
    auto text = std::make_shared<rendered_message>();
    text->to = to;
    text->text = "Hello";
    out.message = text;
    out.timeout = timeout;
    return out;
  }

  call_outcome call(const provider_call& c) {
    call_outcome out;
    self->request(actor, std::chrono::seconds{20}, c)
        .receive([&](call_outcome& o) { out = std::move(o); },
                 [&](caf::error&) { FAIL("the provider's actor failed"); });
    return out;
  }
};

} // namespace

TEST_CASE("A call through the actor arrives with its reference and is answered with Twilio's id") {
  world w;
  const auto outcome = w.call(world::message("+15550001111"));
  CHECK(outcome.what == call_outcome::kind::accepted);
  const auto seen = w.sim.messages();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].sid == outcome.provider_message_id);
  CHECK(seen[0].to == "+15550001111");
  CHECK(seen[0].from == "+15550009999");
  CHECK(seen[0].body == "Hello");
  CHECK(seen[0].status_callback
        == "http://127.0.0.1:1/v1/callbacks/twilio-main/01937b1e-7c00-7123-8123-456789abcdef.3");
}

TEST_CASE("Every class of error comes back through a real socket") {
  struct expectation {
    const char* rule;
    call_outcome::kind what;
    error_class error;
    const char* code;
  };
  using kind = call_outcome::kind;
  const expectation all[] = {
      {R"({"status":500})", kind::failed, error_class::transient, "20500"},
      {R"({"status":503,"retry_after":2})", kind::failed, error_class::transient, "20503"},
      {R"({"status":429,"retry_after":2})", kind::failed, error_class::rate_limited, "20429"},
      {R"({"status":400,"code":30003})", kind::failed, error_class::soft_bounce, "30003"},
      {R"({"status":400,"code":21211})", kind::failed, error_class::permanent_address, "21211"},
      {R"({"status":400,"code":21610})", kind::failed, error_class::permanent_address, "21610"},
      {R"({"status":400,"code":21617})", kind::failed, error_class::permanent_content, "21617"},
      {R"({"status":401})", kind::failed, error_class::auth, "20003"},
      {R"({"status":400,"code":29999})", kind::failed, error_class::unknown, "29999"},
      {R"({"hang":true})", kind::unknown, error_class::unknown, "timed_out"},
      {R"({"hang":true,"accept":true})", kind::unknown, error_class::unknown, "timed_out"},
      {R"({"close_after_accept":true})", kind::unknown, error_class::unknown, "reset"},
      {R"({"close_after_accept":true,"reset":true})", kind::unknown, error_class::unknown, "reset"},
      {R"({"close_before_answer":true})", kind::unknown, error_class::unknown, "reset"},
      {R"({"delay_ms":2000})", kind::unknown, error_class::unknown, "timed_out"},
      {R"({"delay_ms":50})", kind::accepted, error_class::none, ""},
      {R"({"truncate":true})", kind::accepted, error_class::none, ""},
  };
  world w;
  for (const auto& e : all) {
    CAPTURE(e.rule);
    w.sim.script(nlohmann::json::array({nlohmann::json::parse(e.rule)}));
    const auto outcome = w.call(world::message("+15550001111", milliseconds{300}));
    CHECK(outcome.what == e.what);
    CHECK(outcome.error == e.error);
    CHECK(outcome.error_code == e.code);
    CHECK(outcome.retry_after.has_value()
          == (std::string_view{e.rule}.find("retry") != std::string_view::npos));
  }
  CHECK(w.sim.count() == std::size(all)); // nothing was ever sent twice
}

TEST_CASE("Nobody listening is transient") {
  world w;
  w.sim.stop();
  const auto outcome = w.call(world::message("+15550001111"));
  CHECK(outcome.what == call_outcome::kind::failed);
  CHECK(outcome.error == error_class::transient);
  CHECK(outcome.error_code == "connect");
}

TEST_CASE("A message without text or number is refused without a call") {
  world w;
  CHECK(w.call(world::message("")).error == error_class::permanent_address);
  auto c = world::message("+15550001111");
  c.message = nullptr;
  CHECK(w.call(c).error == error_class::permanent_content);
  CHECK(w.sim.count() == 0);
}

TEST_CASE("The actor tells its health and reads callbacks") {
  world w;
  w.call(world::message("+15550001111"));
  w.self->request(w.actor, std::chrono::seconds{20}, get_health{})
      .receive(
          [](const health& h) {
            const auto json = nlohmann::json::parse(h.json);
            CHECK(h.ready);
            CHECK(json["name"] == "twilio-main");
            CHECK(json["accepted"] == 1);
            CHECK(json["in_flight"] == 0);
          },
          [](caf::error&) { FAIL("no health"); });
  w.self->request(w.actor, std::chrono::seconds{20}, raw_callback{})
      .receive(
          [](const callback_parsed& p) { CHECK(p.what == callback_parsed::kind::bad_signature); },
          [](caf::error&) { FAIL("no answer"); });
}

TEST_CASE("What the simulator signs, the provider believes") {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> requests;
  raw_server us{[&](raw_connection& c, int) {
    for (auto r = c.read_request(); !r.empty(); r = c.read_request()) {
      c.write(http_answer(204, ""));
      std::lock_guard lock(mutex);
      requests.push_back(r);
      changed.notify_all();
    }
  }};
  simulator::simulator sim;
  sim.script(nlohmann::json::parse(R"([{"bounce": 30006}])"));
  system_time time;
  http_client http;
  const auto twilio = make_provider(twilio_settings(sim.base_url()), {http, time, us.url("")});
  twilio->call(world::message("+15550001111"), [](call_outcome&&) {});
  std::unique_lock lock(mutex);
  REQUIRE(changed.wait_for(lock, std::chrono::seconds{10}, [&] { return requests.size() == 2; }));
  std::vector<status> told;
  for (const auto& r : requests) {
    raw_callback in;
    const auto path = r.substr(5, r.find(' ', 5) - 5);
    in.url = us.url("") + path;
    in.ref = path.substr(path.rfind('/') + 1);
    in.body = r.substr(r.find("\r\n\r\n") + 4);
    const auto at = r.find("X-Twilio-Signature: ") + 20;
    in.headers = {{"x-twilio-signature", r.substr(at, r.find("\r\n", at) - at)}};
    const auto parsed = twilio->read_callback(in);
    REQUIRE(parsed.reports.size() == 1);
    CHECK(parsed.reports[0].id == some_id);
    CHECK(parsed.reports[0].attempt == 3);
    told.push_back(parsed.reports[0].what);
  }
  CHECK(told == std::vector<status>{status::sent, status::bounced});
}
