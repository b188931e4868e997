#pragma once

#include "tests/harness/daemon.hpp"
#include "tests/harness/simulator.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::bench {

/// What the benchmarks of the whole daemon have in common.
struct stack_options {
  unsigned recipients = 1000;
  bool callbacks = false;            ///< the provider reports `sent` and `delivered` back
  bool one_segment = true;           ///< the journal stays in one table, for those who read it
  std::vector<std::string> settings; ///< `section.key=value`, given to the daemon as environment
};

/// CPU of each part since some moment.
struct cost {
  std::chrono::microseconds daemon{0};
  std::chrono::microseconds postgres{0};
  std::chrono::microseconds simulator{0};
  std::chrono::microseconds generator{0};
};

/// A simulator and a daemon with its embedded PostgreSQL, in directories of their own.
class stack {
public:
  explicit stack(const stack_options& options);

  harness::daemon& daemon() {
    return daemon_;
  }
  harness::provider_simulator& simulator() {
    return simulator_;
  }
  harness::http_client& api() {
    return api_;
  }

  /// CPU used until now.
  cost used() const;
  std::uint64_t daemon_memory_kib() const;
  std::uint64_t postgres_memory_kib() const;

  /// Makes `count` more recipients, from number `first` on.
  void put_recipients(unsigned first, unsigned count);

  /// PUTs a body `below` each of their addresses.
  void put_each(unsigned first, unsigned count, std::string_view below,
                const std::function<std::string(unsigned)>& body_of);

  /// CPU of the daemon over so many seconds of nothing, in milliseconds a second.
  double idle_cpu_ms_per_s(unsigned seconds);

  /// Waits until daemon and PostgreSQL have nothing more to do, but not for ever.
  void settle();

private:
  harness::work_directory directory_;
  harness::provider_simulator simulator_;
  harness::daemon daemon_;
  harness::http_client api_;
};

/// Name of a recipient, of fixed width: `p-0000042`.
std::string recipient_name(unsigned number);

/// A rule that shows `bench_sms` in its recipient's inbox, `data.n` in the title.
nlohmann::json in_app_rule(std::string_view type);

/// The head of a POST with a body of that length.
std::string post_head(const harness::endpoint& to, std::string_view target, std::string_view type,
                      std::size_t length);

/// Writes `number` as decimal digits over `width` characters at `at`.
void put_digits(char* at, std::size_t width, std::uint64_t number);

cost operator-(const cost& a, const cost& b);
cost operator+(const cost& a, const cost& b);

} // namespace carillon::bench
