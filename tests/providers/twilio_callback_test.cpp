#include "adapters/providers/provider.hpp"
#include "adapters/providers/support/http_client.hpp"
#include "adapters/providers/twilio/callback.hpp"
#include "tests/providers/fixture.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::providers;
using namespace carillon::test;

namespace {

const std::string id_text = "01937b1e-7c00-7123-8123-456789abcdef";

struct world {
  system_time time;
  http_client http;
  std::unique_ptr<provider> twilio
      = make_provider(twilio_settings(), {http, time, "https://us.example"});

  callback_parsed read(const std::string& ref, const std::string& body) const {
    raw_callback r;
    r.provider = "twilio-main";
    r.ref = ref;
    r.url = "https://us.example/v1/callbacks/twilio-main" + (ref.empty() ? "" : "/" + ref);
    r.body = body;
    r.headers = {{"x-twilio-signature", twilio::signature_of("token", r.url, parse_form(body))}};
    return twilio->read_callback(r);
  }
};

std::string status_body(const std::string& status, const std::string& more = {}) {
  return "SmsSid=SM1&SmsStatus=" + status + "&MessageStatus=" + status
         + "&To=%2B15550001111&MessageSid=SM1&AccountSid=AC1&From=%2B15550009999&ApiVersion=2010-"
           "04-01"
         + more;
}

} // namespace

TEST_CASE("Each of Twilio's statuses becomes ours") {
  const std::pair<const char*, status> expected[] = {
      {"accepted", status::sent}, {"scheduled", status::sent},
      {"queued", status::sent},   {"sending", status::sent},
      {"sent", status::sent},     {"delivered", status::delivered},
      {"read", status::read},     {"undelivered", status::bounced},
      {"failed", status::failed}, {"canceled", status::failed},
  };
  const world w;
  for (const auto& [theirs, ours] : expected) {
    const auto parsed = w.read(id_text + ".2", status_body(theirs));
    CAPTURE(theirs);
    REQUIRE(parsed.what == callback_parsed::kind::ok);
    REQUIRE(parsed.reports.size() == 1);
    CHECK(parsed.reports[0].what == ours);
    CHECK(to_string(parsed.reports[0].id) == id_text);
    CHECK(parsed.reports[0].attempt == 2);
    CHECK(parsed.reports[0].provider_message_id == "SM1");
    CHECK(parsed.reports[0].error == error_class::none);
  }
}

TEST_CASE("The error code of a bounce comes with its class") {
  const auto parsed = world{}.read(id_text + ".1", status_body("undelivered", "&ErrorCode=30005"));
  REQUIRE(parsed.reports.size() == 1);
  CHECK(parsed.reports[0].what == status::bounced);
  CHECK(parsed.reports[0].error == error_class::permanent_address);
  CHECK(parsed.reports[0].error_code == "30005");
}

TEST_CASE("A wrong signature is refused before anything is read") {
  const world w;
  raw_callback r;
  r.ref = id_text + ".1";
  r.url = "https://us.example/v1/callbacks/twilio-main/" + r.ref;
  r.body = status_body("delivered");
  CHECK(w.twilio->read_callback(r).what == callback_parsed::kind::bad_signature);
  r.headers = {{"x-twilio-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}};
  const auto parsed = w.twilio->read_callback(r);
  CHECK(parsed.what == callback_parsed::kind::bad_signature);
  CHECK(parsed.reports.empty());
}

TEST_CASE("The signature binds the reference in the URL") {
  const world w;
  raw_callback r;
  r.ref = id_text + ".2";
  r.url = "https://us.example/v1/callbacks/twilio-main/" + r.ref;
  r.body = status_body("delivered");
  const auto other = "https://us.example/v1/callbacks/twilio-main/" + id_text + ".1";
  r.headers = {{"x-twilio-signature", twilio::signature_of("token", other, parse_form(r.body))}};
  CHECK(w.twilio->read_callback(r).what == callback_parsed::kind::bad_signature);
}

TEST_CASE("An inbound message is accepted and reports nothing") {
  const auto parsed = world{}.read("", "MessageSid=SM2&SmsSid=SM2&SmsStatus=received&From=%"
                                       "2B15550001111&To=%2B15550009999&Body=STOP&NumMedia=0");
  CHECK(parsed.what == callback_parsed::kind::ok);
  CHECK(parsed.reports.empty());
  const auto read = twilio::parse_callback("MessageSid=SM2&From=%2B1&To=%2B2&Body=STOP&NumMedia=0");
  REQUIRE(read);
  CHECK(read->about == twilio::report::kind::inbound);
  CHECK(read->body == "STOP");
}

TEST_CASE("A status without a usable reference reports nothing") {
  const world w;
  for (const auto& ref : {std::string{}, std::string{"x"}, id_text, id_text + ".", id_text + ".0",
                          id_text + ".1x", id_text + ".70000"}) {
    const auto parsed = w.read(ref, status_body("delivered"));
    CHECK(parsed.what == callback_parsed::kind::ok);
    CHECK(parsed.reports.empty());
  }
}

TEST_CASE("A signed body that says nothing known is malformed") {
  const world w;
  CHECK(w.read(id_text + ".1", "").what == callback_parsed::kind::malformed);
  CHECK(w.read(id_text + ".1", "a=b").what == callback_parsed::kind::malformed);
  CHECK(w.read(id_text + ".1", status_body("exploded")).what == callback_parsed::kind::malformed);
}
