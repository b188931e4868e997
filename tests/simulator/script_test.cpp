#include "adapters/simulator/script.hpp"

#include "adapters/simulator/simulator.hpp"
#include "tests/simulator/client.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace carillon::simulator;
using namespace carillon::test;
using nlohmann::json;

namespace {

int fired(script& s, int times, std::string_view to = "+15550001111", std::string_view body = "x") {
  int out = 0;
  for (int i = 0; i < times; ++i)
    out += s.decide(to, "+1", body).rule >= 0 ? 1 : 0;
  return out;
}

std::unique_ptr<script> scripted(const char* text) {
  auto out = std::make_unique<script>();
  const auto wrong = out->load(json::parse(text));
  CAPTURE(wrong.value_or(""));
  REQUIRE_FALSE(wrong);
  return out;
}

std::string sms(const std::string& to) {
  return "To=%2B" + to + "&From=%2B15550009999&Body=x";
}

} // namespace

TEST_CASE("Rules fire where they fit: number, sender, text") {
  const auto p = scripted(R"([{"to":"+1555","body":"room","status":500}])");
  CHECK(fired(*p, 1, "+15550001111", "your room is ready") == 1);
  CHECK(fired(*p, 1, "+15550001111", "hello") == 0);
  CHECK(fired(*p, 1, "+4930", "your room is ready") == 0);
}

TEST_CASE("Rules fire at the n-th, each n-th, or so often") {
  const auto nth = scripted(R"([{"nth":3,"status":500}])");
  CHECK(fired(*nth, 2) == 0);
  CHECK(fired(*nth, 1) == 1);
  CHECK(fired(*nth, 10) == 0);
  const auto every = scripted(R"([{"every":4,"status":500}])");
  CHECK(fired(*every, 12) == 3);
  const auto remaining = scripted(R"([{"remaining":2,"status":500}])");
  CHECK(fired(*remaining, 10) == 2);
}

TEST_CASE("Chance is the same for the same seed, and about what was asked for") {
  const auto a = scripted(R"([{"probability":0.3,"seed":5,"status":500}])");
  const auto b = scripted(R"([{"probability":0.3,"seed":5,"status":500}])");
  const int count = fired(*a, 1000);
  CHECK(count == fired(*b, 1000));
  CHECK(count > 200);
  CHECK(count < 400);
}

TEST_CASE("The first rule that fires decides") {
  const auto p = scripted(R"([{"remaining":1,"status":500},{"status":429}])");
  CHECK(p->decide("+1", "", "").status == 500);
  CHECK(p->decide("+1", "", "").status == 429);
}

TEST_CASE("A wrong script is refused as a whole, with the place") {
  script s;
  CHECK(s.load(json::parse(R"([{"status":500},{"sttus":1}])")).value().find("rule 1")
        != std::string::npos);
  CHECK(s.load(json::parse(R"({"status":500})")));
  CHECK(s.load(json::parse(R"([1])")));
  for (const auto* wrong :
       {R"({"status":"500"})", R"({"status":99})", R"({"probability":2})", R"({"nth":0})",
        R"({"hang":1})", R"({"delay_ms":-1})", R"({"callbacks":[{"after_ms":1}]})",
        R"({"bounce":false})", R"({"retry_after":"1\r\nX: y"})"}) {
    CAPTURE(wrong);
    CHECK(s.load(json::array({json::parse(wrong)})));
  }
  CHECK(s.show() == json{{"rules", json::array()}});
}

TEST_CASE("A script is put, shown with its counts, added to and cleared over HTTP") {
  simulator sim;
  const auto& at = sim.address();
  CHECK(ask(at, "POST", "/_sim/script", R"({"rules":[{"to":"+1555","status":500,"remaining":3}]})")
            .status
        == 200);
  CHECK(send_sms(at, sms("15550001111")).status == 500);
  CHECK(send_sms(at, sms("4930123456")).status == 201);
  const auto rule = ask(at, "GET", "/_sim/script").json().at("rules").at(0);
  CHECK(rule.at("seen") == 1);
  CHECK(rule.at("fired") == 1);
  CHECK(rule.at("remaining") == 2);
  CHECK(ask(at, "POST", "/_sim/script?append=true", R"([{"status":503}])").json().at("rules").size()
        == 2);
  CHECK(send_sms(at, sms("4930123456")).status == 503);
  CHECK(sim.messages().back().rule == 1);
  CHECK(ask(at, "POST", "/_sim/script", "[{").status == 400);
  CHECK(ask(at, "POST", "/_sim/script", R"([{"what":1}])").status == 422);
  CHECK(ask(at, "DELETE", "/_sim/script").json().at("rules").empty());
  CHECK(send_sms(at, sms("15550001111")).status == 201);
}

TEST_CASE("Scripted answers carry status, code, text and Retry-After") {
  simulator sim;
  sim.script(json::parse(R"([{"status":429,"code":14107,"message":"easy","retry_after":3}])"));
  const auto answer = send_sms(sim.address(), sms("15550001111"));
  CHECK(answer.status == 429);
  CHECK(answer.headers.at("retry-after") == "3");
  CHECK(answer.json().at("code") == 14107);
  CHECK(answer.json().at("message") == "easy");
}

TEST_CASE("The record says for each fault whether the message was taken and how it was answered") {
  struct expectation {
    const char* rule;
    bool accepted;
    answer_kind answer;
    int http_status;
  };
  const expectation all[] = {
      {R"({"status":503})", false, answer_kind::answered, 503},
      {R"({"status":503,"accept":true})", true, answer_kind::answered, 503},
      {R"({"close_after_accept":true})", true, answer_kind::closed_after_accept, 0},
      {R"({"close_after_accept":true,"reset":true})", true, answer_kind::closed_after_accept, 0},
      {R"({"close_before_answer":true})", false, answer_kind::closed_before_answer, 0},
      {R"({"truncate":true})", true, answer_kind::answered, 201},
  };
  simulator sim;
  for (const auto& e : all) {
    CAPTURE(e.rule);
    sim.script(json::array({json::parse(e.rule)}));
    const auto answer = send_sms(sim.address(), sms("15550001111"));
    const auto m = sim.messages().back();
    CHECK(m.accepted == e.accepted);
    CHECK(m.answer == e.answer);
    CHECK(m.http_status == e.http_status);
    CHECK(m.sid.empty() == !e.accepted);
    CHECK((answer.status == 0)
          == (e.http_status == 0
              || std::string_view{e.rule}.find("truncate") != std::string_view::npos));
  }
}

TEST_CASE("A hung request gets no answer while its neighbour does") {
  simulator sim;
  sim.script(json::parse(R"([{"to":"+1555","hang":true}])"));
  plain_client hung{sim.address()};
  hung.send(twilio_request(sms("15550001111")));
  CHECK(send_sms(sim.address(), sms("4930123456")).status == 201);
  hung.end(); // the simulator lets go when we do
  CHECK(hung.receive().status == 0);
  const auto m = sim.messages().front();
  CHECK(m.answer == answer_kind::hung);
  CHECK_FALSE(m.accepted);
}
