#include "tests/soak/scene.hpp"

#include "tests/harness/setup.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace carillon::soak {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<persistence::embedded_server> start_database(const std::filesystem::path& where) {
  persistence::embedded_options options;
  options.data_dir = where / "database";
  std::filesystem::create_directories(options.data_dir);
  auto started = persistence::embedded_server::start(std::move(options));
  if (!started)
    throw harness::failure(started.error().text);
  return std::move(*started);
}

harness::daemon_options daemon_of(const scene& from) {
  harness::daemon_options out;
  out.directory = from.directory.path();
  out.provider_url = from.simulator.url();
  out.database_url = from.database->url();
  out.limits = true;
  out.toml = fmt::format("[limits.sms]\nper_minute = {}\nper_hour = 0\nper_day = 0\n", per_minute);
  // The breaker is part of what is tried; the small intervals switch it off.
  out.environment = {{"CARILLON_DELIVERY_BREAKER_FAILURES", "8"},
                     {"CARILLON_DELIVERY_BREAKER_PAUSE", "1s"},
                     {"CARILLON_JOURNAL_SEGMENT_ROWS", "5000"}, // settled all the time
                     {"CARILLON_MEMORY_PEOPLE", "2MiB"},        // and people come and go
                     {"CARILLON_LOG_LEVEL", "warn"}};
  return out;
}

std::string time_of_day(std::chrono::minutes at) {
  return fmt::format("{:02}:{:02}", at.count() / 60, at.count() % 60);
}

json quiet_body(const quiet_window& window) {
  return {{"quiet_hours",
           {{"enabled", true},
            {"start", time_of_day(window.start)},
            {"end", time_of_day(window.end)},
            {"timezone", "UTC"}}}};
}

timestamp real_now() {
  return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
}

} // namespace

scene::scene()
    : database(start_database(directory.path())),
      simulator(directory.path(), {"--callback-retries", "2"}), daemon(daemon_of(*this)) {
  daemon.start();
  where_ = daemon.where();
  auto api = daemon.api();
  for (const auto& rule : rules_of_kinds())
    harness::put_rule(api, rule.name, rule.body);
  for (const auto which :
       {crowd::many, crowd::hot, crowd::night, crowd::fickle, crowd::reachless, crowd::readers})
    put_people(api, which);
}

void scene::put_people(harness::http_client& api, crowd which) const {
  for (unsigned i = 0; i < size_of(which); ++i) {
    json body = {{"first_name", "Ann"}, {"locale", "en"}, {"timezone", "UTC"}};
    if (which != crowd::reachless)
      body["contacts"] = {{"sms", phone_of(which, i)}};
    harness::put_recipient(api, name_of(which, i), body);
    if (which == crowd::night)
      harness::expect(api.put("/v1/recipients/" + name_of(which, i) + "/preferences",
                              quiet_body(quiet_hours_of(i, real_now()))),
                      200, "quiet hours");
  }
}

timestamp scene::now() const {
  return real_now() + std::chrono::seconds{offset_s_.load()};
}

void scene::step_clock(std::chrono::seconds by) {
  offset_s_ += by.count();
  furthest_s_ = std::max(furthest_s_, offset_s_.load());
  daemon.set_clock_offset(std::chrono::seconds{offset_s_.load()});
}

void scene::restore_clock() {
  step_clock(std::chrono::seconds{furthest_s_ - offset_s_.load()});
}

harness::http_client scene::client(std::chrono::milliseconds bound) const {
  harness::http_client out{where_, bound};
  out.always("Authorization", "Bearer " + std::string{harness::admin_key});
  return out;
}

bool scene::ready() const {
  try {
    return harness::http_client{where_, 2s}.get("/readyz").status == 200;
  } catch (const harness::failure&) {
    return false;
  }
}

bool quiet_window::holds(timestamp at) const {
  const auto time = at.time_since_epoch() % std::chrono::days{1};
  return start < end ? time >= start && time < end : time >= start || time < end;
}

quiet_window quiet_hours_of(unsigned number, timestamp began) {
  const auto minute
      = std::chrono::floor<std::chrono::minutes>(began.time_since_epoch() % std::chrono::days{1});
  const auto length = number % 2 == 0 ? std::chrono::minutes{62 + number / 4} : 20h + 1h;
  constexpr std::chrono::minutes day{24h};
  return {(minute - 60min + day) % day, (minute - 60min + length + day) % day};
}

} // namespace carillon::soak
