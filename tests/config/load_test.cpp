#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

/// A directory of its own that goes away with the test.
class workplace {
public:
  workplace() {
    std::string pattern = (std::filesystem::temp_directory_path() / "carillon-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~workplace() {
    std::filesystem::remove_all(path_);
  }
  workplace(const workplace&) = delete;
  workplace& operator=(const workplace&) = delete;

  [[nodiscard]] std::filesystem::path write(const std::string& name,
                                            const std::string& text) const {
    std::ofstream{path_ / name} << text;
    return path_ / name;
  }

private:
  std::filesystem::path path_;
};

loaded_settings load(const std::string& toml, const environment& variables = {}) {
  workplace here;
  return load_settings(here.write("test.toml", toml), variables);
}

/// The message about a key, or empty.
std::string about(const loaded_settings& loaded, const std::string& key) {
  auto found = std::find_if(loaded.problems.begin(), loaded.problems.end(),
                            [&](const auto& each) { return each.key == key; });
  return found == loaded.problems.end() ? "" : found->message;
}

const std::string provider = R"(
[[provider]]
name = "twilio-main"
kind = "twilio"
channel = "sms"
base_url = "http://127.0.0.1:9100/"
from = "+15550001111"
account_sid = "AC1"
)";

} // namespace

TEST_CASE("without a file and variables everything has its documented default") {
  auto loaded = load_settings(std::nullopt, {});
  CHECK(loaded.problems.empty());
  const auto& values = loaded.values;
  CHECK(values.http.listen == listen_address{"127.0.0.1", 8080});
  CHECK(values.data_dir == "./var");
  CHECK_FALSE(values.database.url);
  CHECK(values.drain_timeout == 10s);
  CHECK(values.lease.ttl == 7s);
  CHECK(values.delivery.call_timeout == 5s);
  CHECK(values.limits_of(channel::sms) == window_limits{5, 10, 50});
  CHECK(values.limits_of(channel::email) == window_limits{2, 20, 100});
  CHECK(values.limits_of(channel::push) == window_limits{10, 50, 200});
  CHECK(values.limits_of(channel::webhook) == window_limits{});
}

TEST_CASE("retry defaults follow the priority") {
  settings values;
  CHECK(values.retry.of(priority::critical) == retry_policy{5, 1s});
  CHECK(values.retry.of(priority::high) == retry_policy{3, 2s});
  CHECK(values.retry.of(priority::normal) == retry_policy{3, 5s});
  CHECK(values.retry.of(priority::low) == retry_policy{2, 60s});
  CHECK(values.retry.soft_bounce == retry_policy{3, 1h});
}

TEST_CASE("a file sets what it names and leaves the rest") {
  auto loaded = load(R"(
drain_timeout = "2s"
[http]
listen = "[::1]:0"
body_limit = "2MiB"
public_url = "https://alerts.example.com/"
[limits.sms]
per_minute = 0
[retry.high]
calls = 4
first_wait = "500ms"
[log]
level = "debug"
format = "text"
)");
  REQUIRE(loaded.problems.empty());
  CHECK(loaded.values.http.listen == listen_address{"::1", 0});
  CHECK(loaded.values.http.body_limit == 2 * 1024 * 1024);
  CHECK(loaded.values.http.public_url == "https://alerts.example.com");
  CHECK(loaded.values.limits_of(channel::sms) == window_limits{0, 10, 50});
  CHECK(loaded.values.retry.of(priority::high) == retry_policy{4, 500ms});
  CHECK(loaded.values.drain_timeout == 2s);
  CHECK(loaded.values.log.level == log_level::debug);
}

TEST_CASE("the environment overrides the file, and every key has its variable") {
  auto loaded = load("[http]\nlisten = \"127.0.0.1:1\"\n[database]\nlanes = 3",
                     {{"CARILLON_HTTP_LISTEN", "127.0.0.1:9"},
                      {"CARILLON_DATABASE_URL", "postgres:///x"},
                      {"CARILLON_LIMITS_EMAIL_PER_DAY", "7"},
                      {"CARILLON_DATA_DIR", "/tmp/d"}});
  REQUIRE(loaded.problems.empty());
  CHECK(loaded.values.http.listen.port == 9);
  CHECK(loaded.values.database.lanes == 3);
  CHECK(loaded.values.database.url == "postgres:///x");
  CHECK(loaded.values.limits_of(channel::email).per_day == 7);
  CHECK(loaded.values.data_dir == "/tmp/d");
}

TEST_CASE("no two keys share a variable") {
  auto keys = setting_keys();
  std::vector<std::string> names;
  for (const auto& key : keys)
    names.push_back(variable_of(key));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("all problems are reported, each with its place") {
  auto loaded = load(R"(
[http]
listen = "nowhere"
threads = "two"
[lease]
ttl = "1"
)",
                     {{"CARILLON_DRAIN_TIMEOUT", "long"}});
  CHECK(loaded.problems.size() == 4);
  CHECK(about(loaded, "http.listen").find("host:port") != std::string::npos);
  CHECK(about(loaded, "http.threads").find("whole number") != std::string::npos);
  CHECK(about(loaded, "lease.ttl").find("\"10s\"") != std::string::npos);
  CHECK(loaded.problems[0].where.ends_with("test.toml:3"));
  CHECK(loaded.problems.back().where == "CARILLON_DRAIN_TIMEOUT");
}

TEST_CASE("an unknown key is a problem that names the nearest known one") {
  auto loaded = load("[http]\nlistn = \"127.0.0.1:1\"\n[nonsense]\nx = 1");
  CHECK(about(loaded, "http.listn") == "is not a known key; did you mean http.listen?");
  CHECK(about(loaded, "nonsense.x") == "is not a known key; take it out");
}

TEST_CASE("a table where a value belongs is a problem") {
  auto loaded = load("[http.listen]\nport = 1");
  CHECK_FALSE(about(loaded, "http.listen.port").empty());
  CHECK_FALSE(about(load("data_dir = [1]"), "data_dir").empty());
}

TEST_CASE("what is not TOML gives the line") {
  auto loaded = load("[http]\nlisten = \n");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].where.ends_with("test.toml:2"));
}

TEST_CASE("a missing file is one problem") {
  auto loaded = load_settings("/nonexistent/carillon.toml", {});
  REQUIRE(loaded.problems.size() == 1);
  CHECK(render(loaded.problems[0])
        == "/nonexistent/carillon.toml: cannot be read; name an existing TOML file");
}

TEST_CASE("a provider is read with its credentials and limits") {
  auto loaded = load(provider + "auth_token = \"t\"\nlimits = { per_second = 100 }");
  REQUIRE(loaded.problems.empty());
  REQUIRE(loaded.values.providers.size() == 1);
  const auto& twilio = loaded.values.providers[0];
  CHECK(twilio.name == "twilio-main");
  CHECK(twilio.base_url == "http://127.0.0.1:9100");
  CHECK(twilio.credentials.at("auth_token") == "t");
  CHECK(twilio.per_second == 100);
  CHECK(twilio.callbacks);
}

TEST_CASE("a credential may come from a file or a variable") {
  workplace here;
  auto token = here.write("token", "secret\n");
  auto loaded = load(provider + "auth_token_file = \"" + token.string() + "\"",
                     {{"CARILLON_PROVIDER_TWILIO_MAIN_ACCOUNT_SID", "AC2"}});
  REQUIRE(loaded.problems.empty());
  CHECK(loaded.values.providers[0].credentials.at("auth_token") == "secret");
  CHECK(loaded.values.providers[0].credentials.at("account_sid") == "AC2");
}

TEST_CASE("a provider's problems carry its index") {
  auto loaded = load(provider + "auth_token_file = \"/nonexistent\"" + provider
                     + "auth_token = \"t\"\nbase = 1\n");
  CHECK_FALSE(about(loaded, "provider[0].auth_token_file").empty());
  CHECK(about(loaded, "provider[1].base").find("not a known key") != std::string::npos);
  CHECK(about(loaded, "provider[1].name").find("taken") != std::string::npos);
}

TEST_CASE("a kind that is not built says which are, and its keys are not judged") {
  auto loaded = load("[[provider]]\nname = \"x\"\nkind = \"pigeon\"\nloft = 1");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(about(loaded, "provider[0].kind").find("twilio") != std::string::npos);
}

TEST_CASE("a lease that no call fits into is refused") {
  CHECK_FALSE(about(load("[lease]\nttl = \"5s\""), "lease.ttl").empty());
  CHECK_FALSE(about(load("[lease]\nrenew_every = \"4s\""), "lease.renew_every").empty());
}

TEST_CASE("TLS needs certificate and key, both readable") {
  CHECK_FALSE(about(load("[http]\ntls_cert = \"/nonexistent\""), "http.tls_key").empty());
  auto both = load("[http]\ntls_cert = \"/nonexistent\"\ntls_key = \"/nonexistent\"");
  CHECK_FALSE(about(both, "http.tls_cert").empty());
  CHECK_FALSE(about(both, "http.tls_key").empty());
}

TEST_CASE("the sample configuration has no problem") {
  auto loaded = load_settings("config/sample.toml", {});
  for (const auto& problem : loaded.problems)
    FAIL_CHECK(render(problem));
  CHECK(loaded.values.providers.size() == 1);
}

TEST_CASE("the documentation names every key") {
  std::ifstream in{"docs/configuration.md"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  REQUIRE_FALSE(text.empty());
  for (auto key : setting_keys()) {
    for (auto priority : enum_names<carillon::priority>::values)
      if (auto part = "retry." + std::string{priority}; key.starts_with(part))
        key.replace(6, priority.size(), "<priority>");
    for (auto channel : enum_names<carillon::channel>::values)
      if (auto part = "limits." + std::string{channel}; key.starts_with(part))
        key.replace(7, channel.size(), "<channel>");
    INFO(key);
    CHECK(text.find("`" + key + "`") != std::string::npos);
  }
}

TEST_CASE("segments and memory for recipients have bounds and units") {
  auto loaded = load("[journal]\nsegment_rows = 5000\nsegment_age = \"2h\"\nkeep = \"30d\"\n"
                     "look_every = \"300ms\"\n"
                     "[memory]\npeople = \"8MiB\"\n");
  CHECK(loaded.problems.empty());
  CHECK(loaded.values.journal.segment_rows == 5000);
  CHECK(loaded.values.journal.segment_age == 2h);
  CHECK(loaded.values.journal.keep == 30 * 24h);
  CHECK(loaded.values.journal.look_every == 300ms);
  CHECK(loaded.values.budget.people == 8U * 1024 * 1024);
  CHECK_FALSE(about(load("[journal]\nsegment_rows = 10\n"), "journal.segment_rows").empty());
  CHECK_FALSE(about(load("[memory]\npeople = 10\n"), "memory.people").empty());
}
