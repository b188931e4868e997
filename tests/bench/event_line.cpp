#include "tests/bench/event_line.hpp"

#include "messages/facts.hpp"

#include "tests/bench/figures.hpp"
#include "tests/harness/journal.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include <algorithm>

namespace carillon::bench {

namespace {

using std::chrono::microseconds;
using wall = std::chrono::system_clock;

// One event's JSON; the numbers are written over.
constexpr std::string_view event_text
    = R"({"specversion":"1.0","type":"bench.sms","source":"/bench","id":"e-0000000000",)"
      R"("data":{"who":"p-0000000","n":"0000000000","service":"Facial",)"
      R"("room":"Garden","price":{"amount":120,"currency":"EUR"}}})";
constexpr std::size_t digits = 10;
constexpr std::size_t id_at = event_text.find("e-0") + 2;
constexpr std::size_t recipient_at = event_text.find("p-0") + 2;
constexpr std::size_t number_at = event_text.find("\"n\":\"") + 5;

/// Prime to any number of recipients that one asks for: neighbours in time are strangers.
constexpr std::uint64_t stride = 7919;

std::int64_t wall_us() {
  return std::chrono::duration_cast<microseconds>(wall::now().time_since_epoch()).count();
}

} // namespace

event_line::event_line(const event_load& load, stack& whole)
    : load_(load), stack_(whole), event_(event_text) {}

line_result event_line::run(std::uint64_t count, const std::function<std::uint64_t()>& others) {
  line_result out;
  last_ = next_ + count;
  sent_.resize(last_);
  load_plan plan;
  plan.to = stack_.daemon().where();
  plan.connections = load_.connections;
  plan.per_second = load_.per_second / load_.batch;
  plan.bound = std::chrono::seconds{load_.bound_s};
  plan.next = [this](std::string& request) { return write_request(request); };
  plan.answered = [&](std::uint64_t, int status, std::string_view body, microseconds took) {
    if (status / 100 == 4 && status != 429)
      throw harness::failure(fmt::format("an event was answered {}: {}", status, body));
    if (status / 100 == 2)
      out.latencies.push_back(static_cast<std::uint32_t>(took.count()));
    return status / 100 != 2;
  };
  const auto before = stack_.used();
  const auto began = harness::steady::now();
  out.sending = run_load(plan);
  const auto more = others ? others() : 0;
  const bool all = harness::eventually(std::chrono::seconds{load_.bound_s}, [&] {
    return harness::daemon::metric(stack_.api(), "carillon_attempts_succeeded_total")
           >= static_cast<double>(last_ + other_outcomes_ + more);
  });
  out.took = harness::steady::now() - began;
  out.used = stack_.used() - before;
  out.complete = all && out.sending.complete;
  other_outcomes_ += more;
  return out;
}

std::optional<std::uint64_t> event_line::write_request(std::string& out) {
  if (next_ >= last_)
    return std::nullopt;
  const auto count = std::min<std::uint64_t>(load_.batch, last_ - next_);
  build(out, count);
  const auto now = wall_us();
  for (std::uint64_t i = 0; i < count; ++i, ++next_) {
    char* at = out.data() + body_at_ + i * (event_.size() + 1);
    put_digits(at + id_at, digits, next_);
    put_digits(at + number_at, digits, next_);
    put_digits(at + recipient_at, 7, next_ * stride % load_.recipients);
    sent_[next_] = now;
  }
  return next_;
}

void event_line::build(std::string& out, std::uint64_t count) {
  const bool batched = load_.batch > 1;
  std::string body;
  for (std::uint64_t i = 0; i < count; ++i)
    body += (i == 0 ? "" : ",") + event_;
  if (batched)
    body = "[" + body + "]";
  auto head = post_head(
      stack_.daemon().where(), "/v1/events",
      batched ? "application/cloudevents-batch+json" : "application/cloudevents+json", body.size());
  if (out.size() == head.size() + body.size())
    return; // the same shape as before: only the digits change
  body_at_ = head.size() + (batched ? 1 : 0);
  out = head + body;
}

std::vector<std::uint32_t> event_line::outcome_latencies(std::uint64_t first) {
  pqxx::connection connection{stack_.daemon().database_url()};
  pqxx::nontransaction work{connection};
  const auto rows
      = work.exec("select p.body::json->>'event', "
                  "(extract(epoch from s.recorded_at) * 1000000)::bigint from journal_1 p "
                  "join journal_1 s on s.notification_id = p.notification_id and s.type = "
                  + std::to_string(static_cast<int>(fact_type::attempt_succeeded))
                  + " where p.partition < 32 and s.partition < 32 and p.type = "
                  + std::to_string(static_cast<int>(fact_type::notification_planned)));
  std::vector<std::uint32_t> out;
  for (const auto& row : rows) {
    const auto n = std::strtoull(row[0].c_str() + 2, nullptr, 10);
    if (n >= first && n < sent_.size())
      out.push_back(static_cast<std::uint32_t>(
          std::max<std::int64_t>(0, row[1].as<std::int64_t>() - sent_[n])));
  }
  return out;
}

std::uint64_t event_line::journaled() {
  pqxx::connection connection{stack_.daemon().database_url()};
  pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> work{connection};
  std::uint64_t count = 0;
  for (const auto& segment : work.exec("select number from segments"))
    count += work.exec1(fmt::format("select count(*) from journal_{} where type = {}",
                                    segment[0].c_str(),
                                    static_cast<int>(fact_type::attempt_succeeded)))[0]
                 .as<std::uint64_t>();
  return count;
}

void add_load_options(CLI::App& command, event_load& load) {
  command.add_option("--connections", load.connections)->capture_default_str();
  command.add_option("--seconds", load.bound_s, "bound of each part")->capture_default_str();
}

void add_cost(nlohmann::ordered_json& to, const cost& used, double notifications) {
  const auto each
      = [&](microseconds cpu) { return rounded(static_cast<double>(cpu.count()) / notifications); };
  to["daemon_cpu_us_per_notification"] = each(used.daemon);
  to["postgres_cpu_us_per_notification"] = each(used.postgres);
  to["simulator_cpu_us_per_notification"] = each(used.simulator);
  to["generator_cpu_us_per_notification"] = each(used.generator);
}

void add_run(nlohmann::ordered_json& to, const line_result& run, std::uint64_t count) {
  const auto events = static_cast<double>(count);
  to["notifications_per_s"] = rounded(events / std::chrono::duration<double>(run.took).count());
  add_cost(to, run.used, events);
}

} // namespace carillon::bench
