#include "tests/http/fake_engine.hpp"

#include "adapters/http/server/upgrade.hpp"

#include <boost/asio/write.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace carillon::test {

namespace {

caf::actor_system_config& small(caf::actor_system_config& config) {
  config.set("scheduler.max-threads", std::size_t{2});
  return config;
}

template <class Command, class Reply = answer>
auto play(api_fixture& world, const engine_script::step<Command, Reply>& step) {
  return [&world, &step](const Command& command) -> caf::result<Reply> {
    ++world.runs;
    if (!step)
      return make_error(errc::not_ready, "nothing scripted");
    return step(command);
  };
}

} // namespace

answer ok(std::string body, answer::kind what, std::uint64_t version) {
  answer result;
  result.what = what;
  result.body = std::move(body);
  result.version = version;
  return result;
}

engine_script echo_script() {
  engine_script script;
  script.notification = [](const submit_notification& what) -> caf::result<answer> {
    return ok(nlohmann::json{{"body", *what.body},
                             {"key", what.request_key},
                             {"tenant", what.tenant.str()}}
                  .dump(),
              answer::kind::accepted);
  };
  script.command = [](const notification_command& what) -> caf::result<answer> {
    return ok(nlohmann::json{
        {"id", to_string(what.id)}, {"verb", static_cast<int>(what.what)}, {"note", what.note}}
                  .dump());
  };
  script.recipient = [](const recipient_command& what) -> caf::result<answer> {
    return ok(nlohmann::json{{"recipient", what.recipient.str()},
                             {"verb", static_cast<int>(what.what)},
                             {"key", what.key},
                             {"match", what.if_match},
                             {"body", what.body ? *what.body : nlohmann::json()}}
                  .dump(),
              answer::kind::ok, 7);
  };
  script.inbox = [](const inbox_command& what) -> caf::result<answer> {
    return ok(nlohmann::json{{"recipient", what.recipient.str()},
                             {"verb", static_cast<int>(what.what)},
                             {"id", what.id.is_nil() ? "" : to_string(what.id)},
                             {"action", what.action},
                             {"state", what.state},
                             {"q", what.query},
                             {"limit", what.limit},
                             {"before", what.before_offset}}
                  .dump());
  };
  script.catalogue = [](const catalogue_command& what) -> caf::result<answer> {
    return ok(nlohmann::json{{"kind", static_cast<int>(what.of)},
                             {"verb", static_cast<int>(what.what)},
                             {"name", what.name},
                             {"version", what.version},
                             {"match", what.if_match},
                             {"body", what.body ? *what.body : nlohmann::json()}}
                  .dump());
  };
  script.list = [](const list_notifications& what) -> caf::result<answer> {
    return ok(nlohmann::json{{"recipient", what.recipient},
                             {"status", what.status},
                             {"limit", what.limit},
                             {"since", what.since == no_time ? "" : to_rfc3339(what.since)},
                             {"cursor", what.cursor}}
                  .dump());
  };
  return script;
}

intake_actor::behavior_type api_fixture::intake() {
  return {
      play(*this, script_.events),
      play(*this, script_.notification),
      play(*this, script_.command),
      play(*this, script_.recipient),
      play(*this, script_.inbox),
      play(*this, script_.report),
      [this](const claim_request& claim) -> claim_answer {
        const std::lock_guard guard{mutex};
        const auto place = claim.route + " " + claim.key;
        const auto [found, fresh] = kept.try_emplace(place, to_hex(claim.body));
        if (fresh)
          return {};
        if (found->second != to_hex(claim.body))
          return {claim_answer::kind::conflict, 0, {}};
        const auto answered = answers.find(place);
        if (answered == answers.end())
          return {claim_answer::kind::running, 0, {}};
        return {claim_answer::kind::replay, answered->second.first, answered->second.second};
      },
      [this](const complete_request& done) {
        const std::lock_guard guard{mutex};
        const auto place = done.route + " " + done.key;
        if (done.http_status == 0 || done.http_status >= 500)
          kept.erase(place);
        else
          answers[place] = {done.http_status, done.body};
        return caf::unit;
      },
      [](const resume_inbox&) { return inbox_resumed{}; },
      [](const watch_inbox&) {},
      [](const know_partitions&) {},
      [](const journal_health&) {},
      [](const drain&) { return drained{}; },
  };
}

http::api_dependencies api_fixture::dependencies() {
  http::api_dependencies with;
  with.bridge = bridge_.get();
  with.now = &clock;
  with.intake = system_.spawn([this]() -> intake_actor::behavior_type { return intake(); });
  with.store = system_.spawn([this]() -> store_actor::behavior_type {
    return {[](const read_facts&) { return facts_read{}; },
            [](const find_event&) { return event_found{}; },
            play(*this, script_.list),
            play(*this, script_.dead_letters),
            [](const load_catalogue&) { return catalogue_rows{}; },
            [](const save_catalogue&) { return catalogue_saved{}; },
            [](const save_snapshots&) { return snapshots_saved{}; },
            [](const read_snapshots&) { return snapshots_read{}; },
            [](const tend_segments&) { return segments_listed{}; },
            [](const get_health&) { return health{}; }};
  });
  with.catalog = system_.spawn([this]() -> catalog_actor::behavior_type {
    return {play(*this, script_.catalogue), [](const start_catalog&) { return caf::unit; }};
  });
  with.providers["twilio-main"] = system_.spawn([this]() -> provider_actor::behavior_type {
    return {[](const provider_call&) { return call_outcome{}; }, play(*this, script_.callback),
            [](const http_finished&) {}, [](const get_health&) { return health{}; }};
  });
  actors_ = {caf::actor_cast<caf::strong_actor_ptr>(with.intake),
             caf::actor_cast<caf::strong_actor_ptr>(with.store),
             caf::actor_cast<caf::strong_actor_ptr>(with.catalog),
             caf::actor_cast<caf::strong_actor_ptr>(with.providers["twilio-main"])};
  with.bootstrap_key = key;
  with.token_secret = "0123456789abcdef0123456789abcdef";
  with.public_url = "https://carillon.test";
  with.stream = [this](http::upgraded_connection&& given, const std::string& tenant,
                       const std::string& recipient) {
    {
      const std::lock_guard guard{mutex};
      streams.push_back(tenant + "/" + recipient);
    }
    auto& socket = std::get<boost::asio::ip::tcp::socket>(given.socket);
    const std::string text = "HTTP/1.1 101 Switching Protocols\r\nX-Target: "
                             + std::string{given.request.target()} + "\r\n\r\n";
    boost::asio::write(socket, boost::asio::buffer(text));
  };
  with.owns = [this] { return owns.load(); };
  with.asyncapi = [] { return std::string{R"({"asyncapi":"3.0.0"})"}; };
  with.metrics = [] { return std::string{"carillon_up 1\n"}; };
  with.node_health = [this](const std::function<void(health)>& then) {
    then({ready.load(), R"({"partitions":256})"});
  };
  return with;
}

api_fixture::api_fixture(engine_script script)
    : script_(std::move(script)), system_(small(config_)),
      bridge_(std::make_unique<http::actor_bridge>(system_)) {
  http::server_settings settings;
  settings.port = 0;
  server_ = std::make_unique<http::server>(settings, http::make_api(dependencies()));
  REQUIRE(!server_->start());
}

api_fixture::~api_fixture() {
  server_->stop(std::chrono::seconds{1});
  for (auto& each : actors_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(each), caf::exit_reason::kill);
}

raw_response api_fixture::ask(std::string_view method, std::string_view target,
                              std::string_view body, std::string headers) {
  return ask_as(key, method, target, body, std::move(headers));
}

raw_response api_fixture::ask_as(std::string_view credentials, std::string_view method,
                                 std::string_view target, std::string_view body,
                                 std::string headers) {
  raw_client client{port()};
  if (!credentials.empty())
    headers.append("Authorization: Bearer ").append(credentials).append("\r\n");
  if (!body.empty() && headers.find("Content-Type") == std::string::npos)
    headers.append("Content-Type: application/json\r\n");
  auto result = client.ask(request_text(method, target, body, headers));
  REQUIRE(result);
  return *result;
}

std::string api_fixture::token_of(const std::string& recipient) {
  const auto made = ask("POST", "/v1/recipients/" + recipient + "/tokens");
  REQUIRE(made.status == 201);
  return nlohmann::json::parse(made.body)["token"];
}

} // namespace carillon::test
