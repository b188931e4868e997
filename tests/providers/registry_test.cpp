#include "adapters/providers/provider.hpp"
#include "adapters/providers/support/http_client.hpp"
#include "tests/providers/fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace carillon;
using namespace carillon::providers;
using namespace carillon::test;

TEST_CASE("Good settings have no problems and make a provider") {
  system_time time;
  http_client http;
  CHECK(check_provider(twilio_settings()).empty());
  CHECK(make_provider(twilio_settings(), {http, time, ""}) != nullptr);
}

TEST_CASE("Every problem of a provider's settings is told, without its credentials") {
  provider_settings bad;
  bad.kind = "twilio";
  bad.on = channel::email;
  bad.base_url = "ftp://x";
  bad.credentials = {{"account_sid", "AC/.."}, {"auth_token", "se cret"}};
  const auto problems = check_provider(bad);
  CHECK(problems.size() == 5);
  CHECK(std::none_of(problems.begin(), problems.end(),
                     [](const auto& p) { return p.find("cret") != std::string::npos; }));
}

TEST_CASE("A messaging service takes the place of a sender") {
  auto settings = twilio_settings();
  settings.from.clear();
  CHECK_FALSE(check_provider(settings).empty());
  settings.credentials["messaging_service_sid"] = "MG1";
  CHECK(check_provider(settings).empty());
}

TEST_CASE("An unknown kind is a problem and makes nothing") {
  system_time time;
  http_client http;
  auto settings = twilio_settings();
  settings.kind = "pigeon";
  CHECK(check_provider(settings).size() == 1);
  CHECK(make_provider(settings, {http, time, ""}) == nullptr);
}

TEST_CASE("A message reference survives its way through a URL") {
  const auto id = parse_notification_id("01937b1e-7c00-7123-8123-456789abcdef");
  REQUIRE(id);
  const message_ref ref{*id, 65535};
  const auto back = parse_message_ref(to_string(ref));
  REQUIRE(back);
  CHECK(back->id == ref.id);
  CHECK(back->attempt == ref.attempt);
  CHECK(callback_url("https://us.example/", "twilio main", ref)
        == "https://us.example/v1/callbacks/twilio%20main/"
           "01937b1e-7c00-7123-8123-456789abcdef.65535");
  CHECK(callback_url("", "twilio", ref).empty());
}

TEST_CASE("A provider gets callback URLs it can reach, or none") {
  system_time time;
  http_client http;
  const auto base = [&](const char* provider, const char* us, bool callbacks = true) {
    auto settings = twilio_settings(provider);
    settings.callbacks = callbacks;
    return callback_base(settings, {http, time, us});
  };
  CHECK(base("", "https://us.example") == "https://us.example");
  CHECK(base("", "https://us.example", false).empty());
  CHECK(base("http://127.0.0.1:9100", "http://127.0.0.1:8080") == "http://127.0.0.1:8080");
  CHECK(base("http://[::1]:9100", "http://localhost:8080/x") == "http://localhost:8080/x");
  CHECK(base("", "http://127.0.0.1:8080").empty());
  CHECK(base("https://api.twilio.com", "http://[::1]:8080").empty());
}
