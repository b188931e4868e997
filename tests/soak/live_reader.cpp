#include "tests/soak/live_reader.hpp"

#include "tests/harness/setup.hpp"

#include <fmt/format.h>

namespace carillon::soak {

using namespace std::chrono_literals;
using nlohmann::json;

live_reader::live_reader(const scene& about, diary& told, std::uint64_t seed, unsigned number)
    : scene_(about), told_(told), dice_(seed * 7'919 + number),
      who_(name_of(crowd::readers, number)) {
  thread_ = std::thread{[this] { run(); }};
}

live_reader::~live_reader() {
  stop();
}

void live_reader::stop() {
  stopping_ = true;
  if (thread_.joinable())
    thread_.join();
}

void live_reader::run() {
  while (!stopping_) {
    try {
      live_once();
    } catch (const harness::failure&) {
      harness::pause(100ms + std::chrono::milliseconds{dice_() % 200}); // it is down: come back
    } catch (const std::exception& e) {
      told_.complain(who_ + ": " + e.what());
      return;
    }
  }
}

// One session, until it ends or is broken off.
void live_reader::live_once() {
  auto api = scene_.client(3s);
  harness::websocket_client session{scene_.where(), harness::token_of(api, who_), 3s};
  greet(session);
  for (auto left = 5 + dice_() % 150; !stopping_ && (calm_ || left > 0);) {
    const auto frame = session.next(500ms);
    if (!frame) {
      session.send({{"op", "pong"}}); // throws where the connection has ended
      continue;
    }
    take(session, *frame);
    --left;
  }
  session.abort();
  if (!calm_)
    harness::pause(std::chrono::milliseconds{dice_() % 2'000});
}

void live_reader::greet(harness::websocket_client& session) {
  session.send({{"op", "resume"}, {"offset", offset_.load()}});
  const auto hello = session.next(5s);
  if (!hello)
    throw harness::connection_lost("no hello");
  ++told_.resumes;
  if (hello->value("op", "") != "hello" || !hello->value("recovered", false)
      || hello->value("offset", std::uint64_t{0}) != offset_)
    complain("is greeted with", *hello);
}

void live_reader::take(harness::websocket_client& session, const json& frame) {
  const auto op = frame.value("op", "");
  if (op == "error")
    return complain("got", frame);
  ++told_.frames;
  if (frame.at("offset").get<std::uint64_t>() != offset_ + 1)
    complain("got", frame);
  offset_ = frame.at("offset").get<std::uint64_t>();
  if (op != "notification")
    return;
  const auto id = frame.at("notification").at("id").get<std::string>();
  seen_.push_back(id);
  const auto chance = dice_() % 10;
  if (chance < 3)
    session.send({{"op", chance == 0 ? "read" : "ack"}, {"id", id}});
}

void live_reader::complain(const std::string& what, const json& frame) {
  told_.complain(
      fmt::format("reader {} at offset {} {} {}", who_, offset_.load(), what, frame.dump()));
}

} // namespace carillon::soak
