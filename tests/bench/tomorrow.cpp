#include "tests/bench/tomorrow.hpp"

#include "tests/bench/load_generator.hpp"
#include "tests/harness/setup.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon::bench {

namespace {

constexpr std::uint64_t batch = 100;

std::string event(std::uint64_t number, unsigned recipients) {
  return fmt::format(
      R"({{"specversion":"1.0","type":"bench.later","source":"/bench","id":"l-{:010}",)"
      R"("data":{{"who":"{}","n":"{:010}","service":"Facial"}}}})",
      number, recipient_name(static_cast<unsigned>(number % recipients)), number);
}

} // namespace

std::chrono::duration<double> plan_for_tomorrow(stack& whole, std::uint64_t count,
                                                unsigned recipients, std::chrono::seconds bound) {
  harness::put_rule(whole.api(), "bench_later",
                    harness::sms_rule("bench.later", {{"template", "bench_sms"},
                                                      {"content", nullptr},
                                                      {"timing", "delay:24h"}}));
  std::uint64_t next = 0;
  load_plan plan;
  plan.to = whole.daemon().where();
  plan.connections = 16;
  plan.bound = bound;
  plan.next = [&](std::string& out) -> std::optional<std::uint64_t> {
    if (next == count)
      return std::nullopt;
    std::string body = "[";
    for (const auto last = std::min(count, next + batch); next < last; ++next)
      body += (body.size() > 1 ? "," : "") + event(next, recipients);
    body += "]";
    out = post_head(plan.to, "/v1/events", "application/cloudevents-batch+json", body.size())
          + body;
    return next;
  };
  plan.answered = [](std::uint64_t, int status, std::string_view body, auto) {
    if (status / 100 == 4 && status != 429)
      throw harness::failure(fmt::format("a batch was answered {}: {}", status, body));
    return status / 100 != 2;
  };
  const auto result = run_load(plan);
  if (!result.complete)
    throw harness::failure("the notifications were not all planned in time");
  return result.took;
}

} // namespace carillon::bench
