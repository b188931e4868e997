#include "tests/bench/figures.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <sys/resource.h>

namespace carillon::bench {

double quantile(std::vector<std::uint32_t>& samples, double share) {
  if (samples.empty())
    return 0;
  const auto last = static_cast<double>(samples.size() - 1);
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::ceil(last * share));
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

double rounded(double value) {
  if (std::abs(value) >= 100)
    return std::round(value * 10) / 10;
  return std::round(value * 1000) / 1000;
}

void add_latency(nlohmann::ordered_json& to, const char* prefix,
                 std::vector<std::uint32_t>& samples_us) {
  const std::string name{prefix};
  to[name + "p50_ms"] = rounded(quantile(samples_us, 0.5) / 1000);
  to[name + "p99_ms"] = rounded(quantile(samples_us, 0.99) / 1000);
  to[name + "max_ms"] = rounded(quantile(samples_us, 1) / 1000);
}

std::chrono::microseconds own_cpu() {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  return std::chrono::seconds{own.ru_utime.tv_sec + own.ru_stime.tv_sec}
         + std::chrono::microseconds{own.ru_utime.tv_usec + own.ru_stime.tv_usec};
}

void print(const nlohmann::ordered_json& figures) {
  const auto line = figures.dump() + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

} // namespace carillon::bench
