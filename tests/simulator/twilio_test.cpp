#include "adapters/simulator/simulator.hpp"
#include "tests/simulator/client.hpp"

#include <catch2/catch.hpp>

using namespace carillon::simulator;
using namespace carillon::test;

namespace {

const std::string good = "To=%2B15550001111&From=%2B15550009999&Body=Hi+there";

} // namespace

TEST_CASE("A message is taken, answered as Twilio does, and remembered") {
  simulator sim;
  const auto answer = send_sms(sim.address(), good);
  CHECK(answer.status == 201);
  CHECK(answer.headers.at("content-type") == "application/json");
  const auto json = answer.json();
  const auto sid = json.at("sid").get<std::string>();
  CHECK(sid.size() == 34);
  CHECK(sid.starts_with("SM"));
  CHECK(sid.find_first_not_of("0123456789abcdef", 2) == std::string::npos);
  CHECK(json.at("status") == "queued");
  CHECK(json.at("to") == "+15550001111");
  CHECK(json.at("body") == "Hi there");
  CHECK(json.at("account_sid") == "AC1");
  CHECK(json.at("error_code").is_null());
  CHECK(json.at("messaging_service_sid").is_null());
  CHECK(json.at("uri") == "/2010-04-01/Accounts/AC1/Messages/" + sid + ".json");
  const auto seen = sim.messages();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].accepted);
  CHECK(seen[0].sid == sid);
  CHECK(seen[0].answer == answer_kind::answered);
  CHECK(seen[0].http_status == 201);
}

TEST_CASE("With a messaging service the first status is accepted") {
  simulator sim;
  const auto json
      = send_sms(sim.address(), "To=%2B15550001111&MessagingServiceSid=MG1&Body=x").json();
  CHECK(json.at("status") == "accepted");
  CHECK(json.at("messaging_service_sid") == "MG1");
  CHECK(json.at("from").is_null());
}

TEST_CASE("Wrong messages get Twilio's codes in Twilio's shape") {
  struct expectation {
    std::string form;
    int status;
    int code;
  };
  const expectation all[] = {
      {"From=%2B15550009999&Body=x", 400, 21604},
      {"To=%2B15550001111&Body=x", 400, 21603},
      {"To=%2B15550001111&From=%2B15550009999", 400, 21602},
      {"To=anna&From=%2B15550009999&Body=x", 400, 21211},
      {"To=%2B15550001111&From=%2B15550009999&Body=" + std::string(1601, 'x'), 400, 21617},
      {good + "&StatusCallback=nowhere", 400, 21609},
      {"To=%2B15005550001&From=%2B15550009999&Body=x", 400, 21211},
      {"To=%2B15005550004&From=%2B15550009999&Body=x", 400, 21610},
      {"To=%2B15005550009&From=%2B15550009999&Body=x", 400, 21614},
      {"To=%2B15550001111&From=%2B15005550008&Body=x", 429, 21611},
  };
  simulator sim;
  for (const auto& e : all) {
    const auto answer = send_sms(sim.address(), e.form);
    CAPTURE(e.form);
    CHECK(answer.status == e.status);
    const auto json = answer.json();
    CHECK(json.at("code") == e.code);
    CHECK(json.at("status") == e.status);
    CHECK(json.at("message").is_string());
    CHECK(json.at("more_info") == "https://www.twilio.com/docs/errors/" + std::to_string(e.code));
  }
  CHECK(sim.count() == std::size(all));
  record_filter accepted;
  accepted.accepted = true;
  CHECK(sim.count(accepted) == 0);
}

TEST_CASE("1,600 characters are counted as characters and not as bytes") {
  simulator sim;
  std::string text;
  for (int i = 0; i < 1600; ++i)
    text += "%C3%A9";
  CHECK(send_sms(sim.address(), "To=%2B15550001111&From=%2B15550009999&Body=" + text).status
        == 201);
}

TEST_CASE("Without credentials, or with the wrong ones, nothing is taken") {
  options settings;
  settings.auth_token = "right";
  simulator sim{settings};
  for (const auto* login : {"AC1:wrong", "AC2:right", "AC1:", ":", ""}) {
    plain_client c{sim.address()};
    c.send(twilio_request(good, login));
    const auto answer = c.receive();
    CHECK(answer.status == 401);
    CHECK(answer.json().at("code") == 20003);
  }
  CHECK(ask(sim.address(), "POST", "/2010-04-01/Accounts/AC1/Messages.json", good).status == 401);
  CHECK(sim.count() == 0);
  plain_client c{sim.address()};
  c.send(twilio_request(good, "AC1:right"));
  CHECK(c.receive().status == 201);
}

TEST_CASE("A message can be fetched by its id, and an account by its own") {
  simulator sim;
  simulator other;
  send_sms(sim.address(), "To=x"); // refused: numbers run ahead of ids
  const auto sid = send_sms(sim.address(), good).json().at("sid").get<std::string>();
  const auto foreign = send_sms(other.address(), good).json().at("sid").get<std::string>();
  CHECK(sid != foreign);
  const std::string login = "Authorization: Basic QUMxOnQ=\r\n";
  const auto path = "/2010-04-01/Accounts/AC1/Messages/";
  const auto found = ask(sim.address(), "GET", path + sid + ".json", "", login);
  CHECK(found.status == 200);
  CHECK(found.json().at("sid") == sid);
  CHECK(ask(sim.address(), "GET", path + foreign + ".json", "", login).status == 404);
  CHECK(ask(sim.address(), "GET", path + std::string{"SM1.json"}, "", login).json().at("code")
        == 20404);
  CHECK(ask(sim.address(), "GET", "/2010-04-01/Accounts/AC1.json", "", login).json().at("sid")
        == "AC1");
  CHECK(ask(sim.address(), "GET", "/2010-04-01/Accounts/AC1.json").status == 401);
}

TEST_CASE("Texts of any kind come back as they were sent") {
  simulator sim;
  send_sms(sim.address(),
           "To=%2B15550001111&From=%2B15550009999&Body=%22q%22+%5C+%0A+%00+%F0%9F%98%80");
  const auto items = ask(sim.address(), "GET", "/_sim/messages").json().at("items");
  CHECK(items.at(0).at("body") == std::string{"\"q\" \\ \n \0 😀", 14});
}
