#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/simulator.hpp"
#include "tests/simulator/client.hpp"
#include "tests/sockets/raw_server.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>

using namespace carillon::simulator;
using namespace carillon::test;
using nlohmann::json;

namespace {

/// Takes callbacks and answers them with one status.
class receiver {
public:
  explicit receiver(int status = 204) {
    server_ = std::make_unique<raw_server>([this, status](raw_connection& c, int) {
      for (auto r = c.read_request(); !r.empty(); r = c.read_request()) {
        {
          std::lock_guard lock(mutex_);
          requests_.push_back(r);
        }
        changed_.notify_all();
        c.write(http_answer(status, ""));
      }
    });
  }

  std::vector<std::string> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds{10},
                              [&] { return requests_.size() >= count; }));
    return requests_;
  }

  std::vector<std::string> await_statuses(std::size_t count) {
    std::vector<std::string> out;
    for (const auto& r : await(count)) {
      const auto at = r.find("MessageStatus=") + 14;
      out.push_back(r.substr(at, r.find('&', at) - at));
    }
    return out;
  }

  std::string form() const {
    return "To=%2B15550001111&From=%2B15550009999&Body=x&StatusCallback=http%3A%2F%2F127.0.0.1%3A"
           + std::to_string(server_->port()) + "%2Fcb%3Fx%3D1";
  }

  std::string url() const {
    return server_->url("/cb?x=1");
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> requests_;
  std::unique_ptr<raw_server> server_;
};

std::string header(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos)
    return {};
  const auto start = at + name.size() + 4;
  return request.substr(start, request.find("\r\n", start) - start);
}

using statuses = std::vector<std::string>;

} // namespace

TEST_CASE("The signature is the one Twilio publishes") {
  CHECK(twilio_signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
                         "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&"
                         "CallSid=CA1234567890ABCDE")
        == "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

TEST_CASE("An accepted message is followed by sent and delivered, signed and complete") {
  receiver us;
  simulator sim;
  const auto sid = send_sms(sim.address(), us.form()).json().at("sid").get<std::string>();
  const auto requests = us.await(2);
  for (const auto& r : requests) {
    CHECK(r.starts_with("POST /cb?x=1 HTTP/1.1\r\n"));
    const auto body = r.substr(r.find("\r\n\r\n") + 4);
    CHECK(header(r, "X-Twilio-Signature") == twilio_signature("t0ken", us.url(), body));
    CHECK(body.find("MessageSid=" + sid) != std::string::npos);
    CHECK(body.find("AccountSid=AC1") != std::string::npos);
    CHECK(body.find("To=%2B15550001111") != std::string::npos);
    CHECK(body.find("ErrorCode") == std::string::npos);
  }
  CHECK(us.await_statuses(2) == statuses{"sent", "delivered"});
}

TEST_CASE("Scripts decide which callbacks come, how often and in which order") {
  const std::pair<const char*, statuses> all[] = {
      {R"({"bounce":30003})", {"sent", "undelivered"}},
      {R"({"bounce":{"status":"failed","after_ms":20}})", {"sent", "failed"}},
      {R"({"callbacks":["queued","sent","delivered","read"]})",
       {"queued", "sent", "delivered", "read"}},
      {R"({"doubled":true})", {"sent", "sent", "delivered", "delivered"}},
      {R"({"reordered":true})", {"delivered", "sent"}},
      {R"({"late":50})", {"sent", "delivered"}},
      {R"({"close_after_accept":true})", {"sent", "delivered"}},
      {R"({"hang":true,"accept":true,"callbacks":["delivered"]})", {"delivered"}},
  };
  for (const auto& [rule, expected] : all) {
    CAPTURE(rule);
    receiver us;
    simulator sim;
    sim.script(json::array({json::parse(rule)}));
    plain_client c{sim.address()};
    c.send(twilio_request(us.form()));
    CHECK(us.await_statuses(expected.size()) == expected);
  }
}

TEST_CASE("A bounce names its error code") {
  receiver us;
  simulator sim;
  sim.script(json::parse(R"([{"bounce":true}])"));
  send_sms(sim.address(), us.form());
  CHECK(us.await(2).back().find("ErrorCode=30005") != std::string::npos);
}

TEST_CASE("Callbacks can come before the answer") {
  receiver us;
  simulator sim;
  sim.script(json::parse(R"([{"delay_ms":3000}])"));
  plain_client c{sim.address()};
  c.send(twilio_request(us.form()));
  CHECK(us.await_statuses(2) == statuses{"sent", "delivered"});
  CHECK(sim.messages().front().written == write_state::pending);
}

TEST_CASE("A bad signature is really bad") {
  receiver us;
  simulator sim;
  sim.script(json::parse(R"([{"bad_signature":true}])"));
  send_sms(sim.address(), us.form());
  const auto r = us.await(1).front();
  CHECK(header(r, "X-Twilio-Signature")
        != twilio_signature("t0ken", us.url(), r.substr(r.find("\r\n\r\n") + 4)));
}

TEST_CASE(
    "What was not accepted has no callbacks, and nobody is called who is not on this machine") {
  receiver us;
  simulator sim;
  sim.script(json::parse(R"([{"status":500,"nth":1}])"));
  send_sms(sim.address(), us.form());
  const std::string to = "To=%2B15550001111&From=%2B15550009999&Body=x&StatusCallback=";
  CHECK(send_sms(sim.address(), to + "http%3A%2F%2Fprovider.example%2F").status == 201);
  CHECK(send_sms(sim.address(), to + "https%3A%2F%2F127.0.0.1%2F").status == 201);
  const auto stats = ask(sim.address(), "GET", "/_sim/stats").json().at("callbacks");
  CHECK(stats.at("dropped") == 4);
  CHECK(stats.at("waiting") == 0);
  CHECK(stats.at("delivered") == 0);
}

TEST_CASE("Refused callbacks are repeated as often as asked and noted in the record") {
  receiver us{503};
  options settings;
  settings.callback_retries = 2;
  settings.callback_retry_pause = milliseconds{5};
  settings.callbacks = {{"delivered", milliseconds{0}, 0}};
  simulator sim{settings};
  send_sms(sim.address(), us.form());
  us.await(3);
  // The note is written once the answer is read: ask until it is there, bounded by the answers.
  auto item = json::object();
  for (int i = 0; i < 1000 && item.value("callbacks", json::array()).size() < 3; ++i)
    item = ask(sim.address(), "GET", "/_sim/messages").json().at("items").at(0);
  CHECK(item.at("callbacks").size() == 3);
  CHECK(item.at("callbacks").at(0) == json{{"status", "delivered"}, {"http_status", 503}});
  CHECK(item.at("status") == "delivered");
}

TEST_CASE("A bounded queue drops what is too much and says so") {
  receiver us;
  options settings;
  settings.callback_queue = 3;
  simulator sim{settings};
  sim.script(json::parse(R"([{"late":60000}])"));
  for (int i = 0; i < 3; ++i)
    send_sms(sim.address(), us.form());
  const auto stats = ask(sim.address(), "GET", "/_sim/stats").json().at("callbacks");
  CHECK(stats.at("waiting") == 2);
  CHECK(stats.at("dropped") == 4);
}

TEST_CASE("Hundreds of callbacks at once all arrive over few connections") {
  receiver us;
  simulator sim;
  plain_client c{sim.address()};
  for (int i = 0; i < 200; ++i) {
    c.send(twilio_request(us.form()));
    REQUIRE(c.receive().status == 201);
  }
  CHECK(us.await(400).size() == 400);
}
