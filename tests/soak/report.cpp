#include "tests/soak/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace carillon::soak {

namespace {

using nlohmann::ordered_json;

// The last sample of each minute.
ordered_json by_minute(const std::vector<memory_sample>& all) {
  auto out = ordered_json::array();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i + 1 == all.size()
        || all[i + 1].at / std::chrono::minutes{1} != all[i].at / std::chrono::minutes{1})
      out.push_back(all[i].mib);
  return out;
}

// Only of processes that had settled: right after a start memory is that of the replay.
ordered_json memory_of(const std::vector<memory_sample>& all) {
  std::vector<std::uint64_t> settled;
  std::uint64_t most = 0;
  for (const auto& each : all) {
    most = std::max(most, each.mib);
    if (each.age >= std::chrono::seconds{4})
      settled.push_back(each.mib);
  }
  if (settled.empty())
    return {{"max", most}};
  const auto tenth = static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, settled.size() / 10));
  auto middle_of = [](auto from, auto to) {
    std::vector<std::uint64_t> some(from, to);
    std::nth_element(some.begin(), some.begin() + some.size() / 2, some.end());
    return some[some.size() / 2];
  };
  return {{"first", middle_of(settled.begin(), settled.begin() + tenth)},
          {"last", middle_of(settled.end() - tenth, settled.end())},
          {"max", most}};
}

ordered_json figures(const soak_options& options, const diary& told, const conductor& did,
                     const verdict_of_soak& found) {
  const auto count = [&](fate which) { return found.fates[static_cast<std::size_t>(which)]; };
  ordered_json out{{"soak", {{"seed", options.seed}, {"seconds", options.lasts.count()}}}};
  out["faults"] = did.done();
  out["requests"] = told.requests.load();
  out["refused_and_repeated"] = told.refused.load();
  out["cut_and_repeated"] = told.cut.load();
  out["invalid_and_rejected"] = told.rejected.load();
  out["events_accepted"] = told.events.load();
  out["accepted"] = told.acknowledged().size();
  out["planned"] = found.planned;
  for (const auto which : {fate::sent, fate::waiting, fate::suppressed, fate::cancelled,
                           fate::expired, fate::dead_lettered, fate::given_up})
    out[std::string{to_string(which)}] = count(which);
  out["explained"] = found.explained;
  out["unexplained"] = found.planned - count(fate::sent) - count(fate::lost) - found.explained;
  out["provider_calls"] = found.calls;
  out["outcomes_unknown"] = found.unknown;
  out["doubled_and_marked"] = found.doubled;
  out["unmarked"] = found.unmarked;
  out["lost"] = found.lost;
  out["events_repeated"] = told.repeats.load() + found.repeated_at_the_end;
  out["inbox_messages"] = found.inbox_messages;
  out["live_frames"] = told.frames.load();
  out["live_resumes"] = told.resumes.load();
  out["facts"] = found.facts;
  out["daemon_mib"] = memory_of(did.memory());
  out["daemon_mib_by_minute"] = by_minute(did.memory());
  out["problems"] = found.problems.size();
  return out;
}

} // namespace

bool report(const soak_options& options, const diary& told, const conductor& did,
            const verdict_of_soak& found) {
  const auto line = figures(options, told, did, found);
  fmt::print("{}\n", line.dump());
  for (const auto& [name, value] : line.items())
    fmt::print("  {:<24}{:>40}\n", name, value.dump());
  for (const auto& each : found.problems)
    fmt::print("  ! {}\n", each);
  std::fflush(stdout);
  return found.problems.empty() && found.lost == 0 && found.unmarked == 0;
}

} // namespace carillon::soak
