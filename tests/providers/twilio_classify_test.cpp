#include "adapters/providers/twilio/classify.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace carillon;
using namespace carillon::providers;
using namespace carillon::providers::twilio;

namespace {

http_response answered(int status, std::string body = {}, std::string retry_after = {}) {
  http_response out;
  out.reached = transport::answered;
  out.status = status;
  out.body = std::move(body);
  out.retry_after = std::move(retry_after);
  return out;
}

http_response lost(transport how, call_failure why) {
  http_response out;
  out.reached = how;
  out.failure = why;
  return out;
}

std::string error_body(int code) {
  return R"({"code":)" + std::to_string(code) + R"(,"message":"m","more_info":"u","status":400})";
}

} // namespace

TEST_CASE("201 with a message id is accepted") {
  const auto r
      = classify(answered(201, R"({"account_sid":"AC1","sid":"SM1","status":"queued"})"), no_time);
  CHECK(r.what == call_outcome::kind::accepted);
  CHECK(r.provider_message_id == "SM1");
  CHECK(r.error == error_class::none);
  CHECK(r.error_code.empty());
}

TEST_CASE("201 is accepted even if its body was lost or is strange") {
  for (const auto* body :
       {"", "{\"si", "[]", "not json", R"({"sid":7})", R"({"x":{"sid":"SM2"}})"}) {
    const auto r = classify(answered(201, body), no_time);
    CHECK(r.what == call_outcome::kind::accepted);
    CHECK(r.provider_message_id.empty());
  }
}

TEST_CASE("An answer that is cut off anywhere is read as far as it goes") {
  const std::string body = R"({"account_sid":"AC1","body":"a \u00e4","price":null,"sid":"SM1",)"
                           R"("code":21211,"uri":"/x"})";
  for (std::size_t length = 0; length <= body.size(); ++length) {
    CAPTURE(length);
    const auto taken = classify(answered(201, body.substr(0, length)), no_time);
    CHECK(taken.what == call_outcome::kind::accepted);
    CHECK((taken.provider_message_id.empty() || taken.provider_message_id == "SM1"));
    CHECK(classify(answered(400, body.substr(0, length)), no_time).what
          == call_outcome::kind::failed);
  }
}

TEST_CASE("Not connected is transient, maybe sent is unknown") {
  const auto not_connected
      = classify(lost(transport::never_connected, call_failure::resolve), no_time);
  CHECK(not_connected.what == call_outcome::kind::failed);
  CHECK(not_connected.error == error_class::transient);
  CHECK(not_connected.error_code == "resolve");
  const auto unknown = classify(lost(transport::maybe_sent, call_failure::timed_out), no_time);
  CHECK(unknown.what == call_outcome::kind::unknown);
  CHECK(unknown.error_code == "timed_out");
}

TEST_CASE("A status without a code has a class") {
  const std::pair<int, error_class> expected[] = {
      {429, error_class::rate_limited},
      {500, error_class::transient},
      {502, error_class::transient},
      {503, error_class::transient},
      {408, error_class::transient},
      {401, error_class::auth},
      {403, error_class::auth},
      {404, error_class::auth},
      {413, error_class::permanent_content},
      {400, error_class::unknown},
      {302, error_class::unknown},
  };
  for (const auto& [status, error] : expected) {
    const auto r = classify(answered(status, "<html>"), no_time);
    CAPTURE(status);
    CHECK(r.what == call_outcome::kind::failed);
    CHECK(r.error == error);
    CHECK(r.error_code == "http_" + std::to_string(status));
  }
}

TEST_CASE("A known code decides, whatever the status") {
  for (const auto& e : error_table()) {
    const auto r = classify(answered(400, error_body(e.code)), no_time);
    CAPTURE(e.code);
    CHECK(r.error == e.error);
    CHECK(r.error_code == std::to_string(e.code));
  }
}

TEST_CASE("An unknown code leaves it to the status") {
  CHECK(classify(answered(503, error_body(12345)), no_time).error == error_class::transient);
  CHECK(classify(answered(400, error_body(12345)), no_time).error == error_class::unknown);
  CHECK(classify(answered(400, error_body(12345)), no_time).error_code == "12345");
}

TEST_CASE("Retry-After is passed on, and only if there is one") {
  CHECK(classify(answered(429, "", "30"), no_time).retry_after
        == duration{std::chrono::seconds{30}});
  CHECK(classify(answered(503, "", "5"), no_time).retry_after == duration{std::chrono::seconds{5}});
  CHECK_FALSE(classify(answered(429), no_time).retry_after);
}

TEST_CASE("The table of codes in the documentation is the one in the code") {
  std::ifstream file{"docs/providers/twilio.md"};
  REQUIRE(file);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const auto& e : error_table()) {
    const auto row = "| " + std::to_string(e.code) + " | " + std::string{to_string(e.error)} + " | "
                     + std::string{e.meaning} + " |";
    CAPTURE(row);
    CHECK(text.find(row) != std::string::npos);
  }
}
