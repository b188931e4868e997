#include "adapters/cli/command_line.hpp"

#include "tests/cli/fake_daemon.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

using namespace carillon;
using boost::beast::http::field;
using carillon::test::fake_daemon;
using nlohmann::json;

namespace {

struct outcome {
  int code = -1;
  std::string out;
  std::string err;
};

outcome run(std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  auto code = cli::run(std::move(arguments), out, err);
  return {code, out.str(), err.str()};
}

outcome run_at(fake_daemon& daemon, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--url", daemon.url(), "--key", "k-1"});
  return run(std::move(arguments));
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A file that goes away with the test.
class scratch_file {
public:
  explicit scratch_file(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "carillon-XXXXXX").string();
    auto descriptor = ::mkstemp(pattern.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path_ = pattern;
    std::ofstream{path_} << text;
  }
  ~scratch_file() {
    std::filesystem::remove(path_);
  }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;
  [[nodiscard]] std::string name() const {
    return path_.string();
  }

private:
  std::filesystem::path path_;
};

const json event{{"specversion", "1.0"}, {"id", "e-1"}, {"source", "/t"}, {"type", "x"}};

} // namespace

TEST_CASE("event send posts the file as a CloudEvent with the key") {
  fake_daemon daemon{202, R"({"event_id":"e-1","duplicate":false,"notifications":[
    {"id":"n-1","recipient_id":"p-1","type":"note","status":"accepted"}]})"};
  scratch_file file{event.dump()};
  auto result = run_at(daemon, {"event", "send", file.name()});
  CHECK(result.code == 0);
  CHECK(holds(result.out, "n-1"));
  CHECK(daemon.got().target() == "/v1/events");
  CHECK(daemon.got()[field::content_type] == "application/cloudevents+json");
  CHECK(daemon.got()[field::authorization] == "Bearer k-1");
  CHECK(json::parse(daemon.got().body()) == event);
}

TEST_CASE("a list of events goes as a batch, and each item is shown") {
  fake_daemon daemon{202, R"({"items":[{"event_id":"e-1","duplicate":true,"notifications":[]},
    {"title":"Invalid","status":422,"errors":[{"pointer":"/data","message":"must be an object"}]}]})"};
  scratch_file file{json::array({event, event}).dump()};
  auto result = run_at(daemon, {"event", "send", file.name()});
  CHECK(result.code == 0);
  CHECK(holds(result.out, "already known"));
  CHECK(holds(result.out, "/data must be an object"));
  CHECK(daemon.got()[field::content_type] == "application/cloudevents-batch+json");
}

TEST_CASE("notification show prints status, steps and attempts") {
  fake_daemon daemon{200, R"({"id":"n-1","recipient_id":"p-1","type":"note","status":"delivered",
    "channel":"sms","reason":null,"steps":[{"channel":"sms","status":"delivered"}],
    "attempts":[{"number":1,"provider":"twilio-main","status":"delivered"}]})"};
  auto result = run_at(daemon, {"notification", "show", "n-1"});
  CHECK(result.code == 0);
  CHECK(holds(result.out, "delivered by sms"));
  CHECK(holds(result.out, "1 by twilio-main delivered"));
}

TEST_CASE("notification show --explain asks for the explanation") {
  fake_daemon daemon{200, R"({"sentences":["Held for quiet hours."],"decisions":[]})"};
  auto result = run_at(daemon, {"notification", "show", "n 1", "--explain"});
  CHECK(result.out == "Held for quiet hours.\n");
  CHECK(daemon.got().target() == "/v1/notifications/n%201/explain");
}

TEST_CASE("--json prints the answer as it is, wherever it stands") {
  fake_daemon daemon{200, R"({"sentences":[],"x":1})"};
  auto result = run_at(daemon, {"notification", "show", "n-1", "--explain", "--json"});
  CHECK(json::parse(result.out) == json{{"sentences", json::array()}, {"x", 1}});
}

TEST_CASE("list filters become query parameters") {
  fake_daemon daemon{200, R"({"items":[],"next_cursor":null})"};
  auto result = run_at(daemon, {"notification", "list", "--status", "sent", "--recipient", "a&b"});
  CHECK(result.out == "none\n");
  CHECK(daemon.got().target() == "/v1/notifications?recipient_id=a%26b&status=sent");
}

TEST_CASE("cancel prints what came of it") {
  fake_daemon daemon{200, R"({"result":"already_sent"})"};
  auto result = run_at(daemon, {"notification", "cancel", "n-1"});
  CHECK(result.out == "already_sent\n");
  CHECK(daemon.got().method() == boost::beast::http::verb::post);
}

TEST_CASE("dead letters are replayed by id or by filter, not by nothing") {
  CHECK(run({"dead-letter", "replay"}).code == 2);
  fake_daemon daemon{200, R"({"result":"replayed"})"};
  CHECK(run_at(daemon, {"dead-letter", "replay", "--all", "--channel", "sms"}).code == 0);
  CHECK(daemon.got().target() == "/v1/dead-letters/replay");
  CHECK(json::parse(daemon.got().body()) == json{{"channel", "sms"}});
}

TEST_CASE("rule dry-run wraps event, rule and time") {
  fake_daemon daemon{200, R"({"notifications":[]})"};
  scratch_file file{event.dump()};
  scratch_file rule{R"({"event":"x"})"};
  auto result = run_at(daemon, {"rule", "dry-run", file.name(), "--rule", rule.name(), "--at",
                                "2026-01-01T00:00:00Z"});
  CHECK(result.out == "nothing would be sent\n");
  CHECK(json::parse(daemon.got().body())
        == json{{"event", event}, {"rule", {{"event", "x"}}}, {"at", "2026-01-01T00:00:00Z"}});
}

TEST_CASE("a problem is worded on the error stream and ends with 1") {
  fake_daemon daemon{422, R"({"title":"Invalid body","status":422,"detail":"one field",
    "errors":[{"pointer":"/timezone","message":"is no zone"}]})"};
  scratch_file file{"{}"};
  auto result = run_at(daemon, {"recipient", "put", "p-1", file.name()});
  CHECK(result.code == 1);
  CHECK(holds(result.err, "status 422: Invalid body: one field"));
  CHECK(holds(result.err, "/timezone: is no zone"));
  CHECK(result.out.empty());
}

TEST_CASE("a daemon that cannot ends with 3, and so does none at all") {
  fake_daemon daemon{503, R"({"title":"Journal unavailable"})"};
  CHECK(run_at(daemon, {"notification", "show", "n-1"}).code == 3);
  CHECK(run({"--url", "http://127.0.0.1:1", "health"}).code == 3);
}

TEST_CASE("a file that is missing or no JSON ends with 1 and sends nothing") {
  CHECK(run({"event", "send", "/nonexistent"}).code == 1);
  scratch_file file{"{"};
  auto result = run({"event", "send", file.name()});
  CHECK(result.code == 1);
  CHECK(holds(result.err, "is not JSON"));
}

TEST_CASE("a wrong command line ends with 2") {
  CHECK(run({}).code == 2);
  CHECK(run({"event", "sned"}).code == 2);
  CHECK(run({"notification", "show", "n-1", "--explain", "--timeline"}).code == 2);
  CHECK(run({"--help"}).code == 0);
}
