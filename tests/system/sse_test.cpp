// Server-sent events and TLS, read by curl: a client that is not ours.
#include "tests/system/support/inbox_rule.hpp"
#include "tests/system/support/world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

/// One server-sent event.
struct sent_event {
  std::string name;
  std::string id;
  json data;
};

/// A stream that curl reads.
class event_stream {
public:
  event_stream(std::string_view origin, const std::string& token,
               std::vector<std::string> more = {})
      : curl_({"/usr/bin/curl", arguments(origin, token, std::move(more)), {}, {}}) {}

  /// The next event; fails the test where none comes in time.
  sent_event next() {
    sent_event out;
    while (auto line = curl_.read_line(10s)) {
      const auto colon = line->find(": ");
      const auto value = colon == std::string::npos ? "" : line->substr(colon + 2);
      if (line->starts_with("event:"))
        out.name = value;
      else if (line->starts_with("id:"))
        out.id = value;
      else if (line->starts_with("data:"))
        out.data = json::parse(value);
      else if (line->empty() && !out.name.empty())
        return out;
    }
    FAIL("the stream ended or said nothing");
    return out;
  }

  std::optional<int> await_end() {
    return curl_.await_end(10s);
  }

private:
  static std::vector<std::string> arguments(std::string_view origin, const std::string& token,
                                            std::vector<std::string> more) {
    more.insert(more.end(), {"--silent", "--no-buffer", "--fail", "--max-time", "30", "--header",
                             "Accept: text/event-stream", "--header",
                             "Authorization: Bearer " + token, std::string{origin} + "/v1/stream"});
    return more;
  }

  harness::process curl_;
};

std::string origin_of(const world& w) {
  return "http://127.0.0.1:" + std::to_string(w.daemon.where().port);
}

} // namespace

TEST_CASE("alerts reach a reader as server-sent events, and Last-Event-ID brings what was missed") {
  auto& w = shared_world();
  const auto ann = w.new_person();
  const auto type = w.new_rule(in_app);
  const auto token = harness::token_of(w.api, ann.id);
  std::string last;
  {
    event_stream stream{origin_of(w), token};
    CHECK(stream.next().name == "hello");
    const auto id = w.send(type, ann, {{"text", "one"}});
    const auto first = stream.next();
    CHECK(first.name == "notification");
    CHECK(first.data["notification"]["id"] == id);
    CHECK(first.data["notification"]["body"] == "one");
    CHECK(first.id == std::to_string(first.data["offset"].get<int>()));
    last = first.id;
  }
  w.send(type, ann, {{"text", "two"}});
  event_stream again{origin_of(w), token, {"--header", "Last-Event-ID: " + last}};
  const auto hello = again.next();
  CHECK(hello.data["recovered"] == true);
  CHECK(hello.data["unread"] == 2);
  const auto missed = again.next();
  CHECK(missed.data["notification"]["body"] == "two");
  CHECK(missed.data["offset"] == std::stoi(last) + 1);
}

TEST_CASE("a stream without a token is refused") {
  auto& w = shared_world();
  event_stream stream{origin_of(w), "nobody"};
  CHECK(stream.await_end() == 22); // curl --fail: an answer of 400 or above
}

TEST_CASE("over TLS events are accepted and alerts are streamed, and plain text is not answered") {
  harness::work_directory directory;
  const auto certificate = (directory.path() / "cert.pem").string();
  const auto key = (directory.path() / "key.pem").string();
  harness::process openssl{
      {"/usr/bin/openssl",
       {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out",
        certificate, "-keyout", key},
       {},
       directory.path() / "openssl"}};
  REQUIRE(openssl.await_end(20s) == 0);
  harness::daemon_options options;
  options.directory = directory.path();
  options.checked = false; // the harness' own client speaks plain HTTP
  options.environment = {{"CARILLON_HTTP_TLS_CERT", certificate}, {"CARILLON_HTTP_TLS_KEY", key}};
  harness::daemon daemon{options};
  daemon.start();
  const auto origin = "https://127.0.0.1:" + std::to_string(daemon.where().port);
  auto ask = [&](std::string_view method, std::string_view path, const json& body,
                 std::string_view type = "application/json") {
    harness::process curl{{"/usr/bin/curl",
                           {"--silent", "--fail-with-body", "--max-time", "10", "--cacert",
                            certificate, "--request", std::string{method}, "--header",
                            "Authorization: Bearer " + std::string{harness::admin_key}, "--header",
                            "Content-Type: " + std::string{type}, "--data", body.dump(),
                            "--write-out", "\n", origin + std::string{path}},
                           {},
                           {}}};
    auto answer = curl.read_line(10s);
    REQUIRE(curl.await_end(10s) == 0);
    return json::parse(answer.value_or("null"));
  };
  ask("PUT", "/v1/rules/tls", harness::sms_rule("tls.test", in_app));
  const auto token = ask("POST", "/v1/recipients/p-1/tokens", json::object())["token"];
  event_stream stream{origin, token, {"--cacert", certificate}};
  CHECK(stream.next().name == "hello");
  const auto accepted
      = ask("POST", "/v1/events",
            harness::cloud_event("tls.test", "e-1", {{"who", "p-1"}, {"text", "T"}}),
            "application/cloudevents+json");
  const auto frame = stream.next();
  CHECK(frame.data["notification"]["id"] == accepted["notifications"][0]["id"]);
  CHECK_THROWS(harness::http_client(daemon.where(), 5s).get("/livez"));
}
