#pragma once

#include "tests/harness/http_client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::bench {

/// What a load is made of.
struct load_plan {
  harness::endpoint to;
  unsigned connections = 32;
  double per_second = 0; ///< requests; 0: closed loop, each connection sends when it is answered
  std::chrono::seconds bound{60};

  /// Writes the next request's bytes into `out` (its old content may be patched) and gives a tag,
  /// or nothing when there is no more.
  std::function<std::optional<std::uint64_t>(std::string& out)> next;

  /// One answer. Gives true when the request is to be repeated after a pause (429, 503).
  std::function<bool(std::uint64_t tag, int status, std::string_view body,
                     std::chrono::microseconds latency)>
      answered;
};

struct load_result {
  bool complete = false; ///< everything was answered within the bound
  std::uint64_t requests = 0;
  std::uint64_t repeated = 0;
  std::uint64_t lost = 0; ///< connections that ended with a request out
  std::chrono::steady_clock::duration took{0};
};

/// Runs the load on this thread: keep-alive connections, epoll, no parsing beyond status and
/// length, so that it takes little of the machine it measures.
load_result run_load(const load_plan& plan);

} // namespace carillon::bench
