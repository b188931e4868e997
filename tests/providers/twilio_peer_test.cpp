// Against Twilio's own library, run by node (tests/peers).
#include "adapters/providers/support/http_client.hpp"
#include "adapters/providers/twilio/callback.hpp"
#include "adapters/providers/twilio/client.hpp"
#include "adapters/simulator/simulator.hpp"
#include "tests/providers/fixture.hpp"
#include "tests/providers/peer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <future>

using namespace carillon;
using namespace carillon::providers;
using namespace carillon::test;
using nlohmann::json;

namespace {

const std::vector<std::pair<std::string, form_fields>>& samples() {
  static const std::vector<std::pair<std::string, form_fields>> all{
      {"https://us.example/v1/callbacks/twilio/01937b1e-7c00-7123-8123-456789abcdef.1",
       {{"MessageSid", "SM1"},
        {"MessageStatus", "delivered"},
        {"To", "+15550001111"},
        {"From", "+15550009999"}}},
      {"http://127.0.0.1:8080/v1/callbacks/a%20b/x?y=%2B1&z=%27",
       {{"b", "2"}, {"B", "1"}, {"a", ""}}},
      {"https://us.example:8443/", {}},
      {"https://us.example/", {{"Body", "Grüße 😀 & = + %41 \n end"}, {"NumMedia", "0"}}},
  };
  return all;
}

json object_of(const form_fields& fields) {
  auto out = json::object();
  for (const auto& [name, value] : fields)
    out[name] = value;
  return out;
}

std::string body_of(const form_fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    append_field(out, name, value);
  return out;
}

} // namespace

TEST_CASE("We compute the signatures Twilio's library computes") {
  peer node{"twilio.mjs"};
  for (const auto& [url, fields] : samples()) {
    CAPTURE(url);
    const auto theirs = node.ask(
        {{"ask", "signature"}, {"token", "t0ken"}, {"url", url}, {"params", object_of(fields)}});
    CHECK(theirs.at("signature") == twilio::signature_of("t0ken", url, fields));
    CHECK(twilio::is_signed_by("t0ken", url, body_of(fields),
                               theirs.at("signature").get<std::string>()));
  }
}

TEST_CASE("Twilio's library believes our signatures and refuses changed ones") {
  peer node{"twilio.mjs"};
  for (const auto& [url, fields] : samples()) {
    json question{
        {"ask", "validate"}, {"token", "t0ken"}, {"url", url}, {"params", object_of(fields)}};
    question["signature"] = twilio::signature_of("t0ken", url, fields);
    CHECK(node.ask(question).at("valid") == true);
    question["signature"] = twilio::signature_of("t0kem", url, fields);
    CHECK(node.ask(question).at("valid") == false);
  }
}

TEST_CASE("Our request is the one Twilio's library sends") {
  peer node{"twilio.mjs"};
  simulator::simulator sim;
  const std::string text = "Grüße, Anna & Ben: 50 % = ½ 😀\n+1";
  const auto theirs = node.ask({{"ask", "send"},
                                {"base", sim.base_url()},
                                {"sid", "AC0123456789abcdef0123456789abcdef"},
                                {"token", "t0ken"},
                                {"message",
                                 {{"to", "+15550001111"},
                                  {"from", "+15550009999"},
                                  {"body", text},
                                  {"statusCallback", "http://127.0.0.1:1/cb?x=1"}}}});
  CHECK(theirs.at("status") == "queued");
  system_time time;
  http_client http;
  twilio::account account;
  account.base_url = sim.base_url();
  account.account_sid = "AC0123456789abcdef0123456789abcdef";
  account.auth_token = "t0ken";
  account.from = "+15550009999";
  const twilio::client client{account, http, time};
  std::promise<call_outcome> ours;
  client.send({"+15550001111", text, "http://127.0.0.1:1/cb?x=1"}, std::chrono::seconds{5},
              [&](call_outcome&& o) { ours.set_value(std::move(o)); });
  CHECK(ours.get_future().get().what == call_outcome::kind::accepted);
  const auto seen = sim.messages();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].sid == theirs.at("sid"));
  CHECK(seen[0].account == seen[1].account);
  CHECK(seen[0].to == seen[1].to);
  CHECK(seen[0].from == seen[1].from);
  CHECK(seen[0].body == seen[1].body);
  CHECK(seen[1].body == text);
  CHECK(seen[0].status_callback == seen[1].status_callback);
}

TEST_CASE("Twilio's library understands the simulator's errors") {
  peer node{"twilio.mjs"};
  simulator::simulator sim;
  json question{{"ask", "send"},
                {"base", sim.base_url()},
                {"sid", "AC0123456789abcdef0123456789abcdef"},
                {"token", "t0ken"},
                {"message", {{"to", "+15005550004"}, {"from", "+15550009999"}, {"body", "x"}}}};
  CHECK(node.ask(question).at("error") == json{{"status", 400}, {"code", 21610}});
  sim.script(json::parse(R"([{"status": 429}])"));
  CHECK(node.ask(question).at("error") == json{{"status", 429}, {"code", 20429}});
}
