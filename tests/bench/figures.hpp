#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace carillon::bench {

/// The value below which `share` (0 to 1) of the samples lie; 0 without samples. Reorders them.
double quantile(std::vector<std::uint32_t>& samples, double share);

/// Adds `<prefix>p50_ms`, `<prefix>p99_ms` and `<prefix>max_ms` of samples in microseconds.
void add_latency(nlohmann::ordered_json& to, const char* prefix,
                 std::vector<std::uint32_t>& samples_us);

/// Rounded to three significant decimals, so that lines can be read.
double rounded(double value);

/// User and system time of this process, which is the generator's.
std::chrono::microseconds own_cpu();

/// Prints one line and flushes it.
void print(const nlohmann::ordered_json& figures);

} // namespace carillon::bench
