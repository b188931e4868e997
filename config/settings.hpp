#pragma once

#include "messages/enums.hpp"
#include "messages/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// The daemon's settings as plain data. A default here is the default; `config/load.hpp` reads and
/// checks, docs/configuration.md lists every key.
namespace carillon {

/// Host and port to listen on. Port 0 takes a free one.
struct listen_address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  friend bool operator==(const listen_address&, const listen_address&) = default;
};

/// `[http]`: the API's server.
struct http_settings {
  listen_address listen;
  std::string
      public_url; ///< base of links and callback URLs; empty: made from the listening address
  std::filesystem::path tls_cert; ///< PEM chain; empty: no TLS
  std::filesystem::path tls_key;
  std::uint32_t threads = 1;
  std::size_t body_limit = 1024 * 1024;        ///< bytes; over it 413
  std::size_t header_limit = 16 * 1024;        ///< bytes; over it 431
  std::size_t discard_limit = 8 * 1024 * 1024; ///< bytes read and dropped of a refused body
  std::uint32_t max_connections = 8192;        ///< over it 503
  std::uint32_t max_in_flight = 4096; ///< requests in work, of all connections; over it 503
  duration header_timeout = std::chrono::seconds{10};
  duration body_timeout = std::chrono::seconds{30};
  duration write_timeout = std::chrono::seconds{30};
  duration idle_timeout = std::chrono::seconds{75};   ///< of a kept-alive connection
  duration answer_timeout = std::chrono::seconds{10}; ///< until a request in work is answered 503
};

/// `[database]`: where the journal is.
struct database_settings {
  std::optional<std::string> url; ///< libpq URL; absent: a private server under the data directory
  std::uint32_t lanes = 1;        ///< fixed when the database is made
  std::uint32_t pool = 3;         ///< connections for queries
  duration start_timeout = std::chrono::seconds{60}; ///< unreachable for so long at start: exit 3
};

/// `[lease]`: ownership of partitions, on the database's clock.
struct lease_settings {
  duration ttl = std::chrono::seconds{7};
  duration renew_every = std::chrono::milliseconds{500};
};

/// A recipient's limits on one channel; 0: none. Attempts count, in sliding windows.
struct window_limits {
  std::uint32_t per_minute = 0;
  std::uint32_t per_hour = 0;
  std::uint32_t per_day = 0;
  friend bool operator==(const window_limits&, const window_limits&) = default;
};

/// How often and how fast a class of calls is repeated. The wait doubles from `first_wait`.
struct retry_policy {
  std::uint32_t calls = 3; ///< in all, the first included
  duration first_wait = std::chrono::seconds{5};
  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

/// `[retry]`: what happens after a failed call (the table of docs/delivery.md).
struct retry_settings {
  std::array<retry_policy, enum_count<priority>> transient{{
      {5, std::chrono::seconds{1}},
      {3, std::chrono::seconds{2}},
      {3, std::chrono::seconds{5}},
      {2, std::chrono::seconds{60}},
      {2, std::chrono::seconds{60}},
  }};
  retry_policy soft_bounce{3, std::chrono::hours{1}}; ///< every wait is `first_wait`
  duration max_wait = std::chrono::seconds{300};
  std::uint32_t jitter_percent = 20; ///< of each wait, up and down

  [[nodiscard]] const retry_policy& of(priority at) const {
    return transient[static_cast<std::size_t>(at)];
  }
};

/// `[delivery]`: calls and what is done about unanswered ones.
struct delivery_settings {
  duration call_timeout = std::chrono::seconds{5};
  duration unknown_wait
      = std::chrono::seconds{10}; ///< for a late callback, before the policy decides
  duration unknown_wait_after_restart = std::chrono::seconds{5};
  duration step_timeout = std::chrono::seconds{30}; ///< where neither rule nor request says one
  std::uint32_t window = 128;                       ///< calls of one provider in flight at once
  std::uint32_t breaker_failures = 5;               ///< in a row until a provider is left alone
  duration breaker_pause = std::chrono::seconds{10};
};

/// One `[[provider]]`.
struct provider_settings {
  std::string name;
  std::string kind;
  channel on = channel::sms;
  std::uint32_t priority = 1; ///< lower first
  std::uint32_t weight = 1;   ///< among equals
  std::string base_url;       ///< empty: the provider's own
  std::string from;
  std::map<std::string, std::string> credentials; ///< by kind, e.g. account_sid, auth_token
  std::uint32_t per_second = 0;                   ///< calls; 0: none
  std::uint32_t per_minute = 0;
  std::uint32_t per_day = 0;
  std::optional<duration> timeout; ///< of one call; absent: `delivery.call_timeout`
  bool callbacks = true;           ///< give the provider a callback URL
  bool enabled = true;
};

/// `[journal]`: its segments. A start reads the open one and those not yet settled.
struct journal_settings {
  std::uint64_t segment_rows = 1'000'000;        ///< then the next one is begun ...
  duration segment_age = std::chrono::hours{24}; ///< ... or so long after it got its first row
  duration keep{0}; ///< settled segments are dropped so long after they were closed; 0: never
  duration look_every = std::chrono::seconds{10};
};

/// `[memory]` and `[disk]`: where the daemon starts to refuse events with 503.
struct budget_settings {
  std::size_t memory = 1024UL * 1024 * 1024; ///< bytes of accepted work in memory
  std::size_t dedupe = 64UL * 1024 * 1024;   ///< bytes of recent event hashes
  std::size_t people = 1024UL * 1024 * 1024; ///< bytes of recipients and inboxes; the others are
                                             ///< read from their snapshots when they are wanted
  std::size_t disk_min_free = 256UL * 1024 * 1024; ///< bytes under the data directory
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error };
template <>
struct enum_names<log_level> {
  static constexpr std::array<std::string_view, 5> values{"trace", "debug", "info", "warn",
                                                          "error"};
};
enum class log_format : std::uint8_t { json, text };
template <>
struct enum_names<log_format> {
  static constexpr std::array<std::string_view, 2> values{"json", "text"};
};

/// `[log]`: to standard error.
struct log_settings {
  log_level level = log_level::info;
  log_format format = log_format::json;
};

/// Everything.
struct settings {
  http_settings http;
  database_settings database;
  lease_settings lease;
  delivery_settings delivery;
  retry_settings retry;
  std::array<window_limits, enum_count<channel>> limits = default_limits();
  std::vector<provider_settings> providers;
  journal_settings journal;
  budget_settings budget;
  log_settings log;
  std::filesystem::path data_dir = "./var";
  std::filesystem::path catalogue_dir; ///< empty: nothing to import
  std::string bootstrap_key; ///< empty: kept in `<data dir>/bootstrap.key`, made at first start
  std::filesystem::path master_key_file;   ///< empty: `<data dir>/master.key`
  std::filesystem::path clock_offset_file; ///< `[clock] offset_file`, tests only
  duration drain_timeout = std::chrono::seconds{10};
  std::uint32_t workers = 0; ///< actor threads; 0: one a core

  [[nodiscard]] const window_limits& limits_of(channel on) const {
    return limits[static_cast<std::size_t>(on)];
  }
  static std::array<window_limits, enum_count<channel>> default_limits();
};

} // namespace carillon
