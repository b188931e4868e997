#include "config/fields.hpp"

#include <fmt/format.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;

constexpr number_range counts{1, 1'000'000};
constexpr number_range limits{0, 1'000'000'000};
constexpr duration_range short_times{duration{1ms}, duration{1h}};
constexpr std::uint64_t kib = 1024;

using fields = std::vector<field<settings>>;

/// Adds one key. `read` gets the value and the settings.
template <class Read>
void add(fields& all, std::string path, Read read) {
  all.push_back({std::move(path), std::move(read)});
}

template <class Part, class Member>
void add_plain(fields& all, std::string path, Part part, Member member) {
  add(all, std::move(path), [=](const written_value& from, settings& to) {
    return read_value(from, std::invoke(part, to).*member);
  });
}

template <class Part, class Member>
void add_number(fields& all, std::string path, Part part, Member member, number_range range) {
  add(all, std::move(path), [=](const written_value& from, settings& to) {
    return read_value(from, std::invoke(part, to).*member, range);
  });
}

template <class Part, class Member>
void add_time(fields& all, std::string path, Part part, Member member, duration_range range) {
  add(all, std::move(path), [=](const written_value& from, settings& to) {
    return read_value(from, std::invoke(part, to).*member, range);
  });
}

template <class Part, class Member>
void add_bytes(fields& all, std::string path, Part part, Member member, number_range range) {
  add(all, std::move(path), [=](const written_value& from, settings& to) {
    return read_bytes(from, std::invoke(part, to).*member, range);
  });
}

settings& whole(settings& all) {
  return all;
}

void add_top(fields& all) {
  add_plain(all, "data_dir", whole, &settings::data_dir);
  add_plain(all, "catalogue_dir", whole, &settings::catalogue_dir);
  add_plain(all, "bootstrap_key", whole, &settings::bootstrap_key);
  add_plain(all, "master_key_file", whole, &settings::master_key_file);
  add_time(all, "drain_timeout", whole, &settings::drain_timeout, {100ms, 10min});
  add_number(all, "workers", whole, &settings::workers, {0, 256});
}

void add_http(fields& all) {
  using h = http_settings;
  auto part = &settings::http;
  add_plain(all, "http.listen", part, &h::listen);
  add(all, "http.public_url",
      [](const written_value& from, settings& to) { return read_url(from, to.http.public_url); });
  add_plain(all, "http.tls_cert", part, &h::tls_cert);
  add_plain(all, "http.tls_key", part, &h::tls_key);
  add_number(all, "http.threads", part, &h::threads, {1, 64});
  add_bytes(all, "http.body_limit", part, &h::body_limit, {kib, 64 * kib * kib});
  add_bytes(all, "http.header_limit", part, &h::header_limit, {kib, kib * kib});
  add_bytes(all, "http.discard_limit", part, &h::discard_limit, {0, 1024 * kib * kib});
  add_number(all, "http.max_connections", part, &h::max_connections, counts);
  add_number(all, "http.max_in_flight", part, &h::max_in_flight, counts);
  add_time(all, "http.header_timeout", part, &h::header_timeout, short_times);
  add_time(all, "http.body_timeout", part, &h::body_timeout, short_times);
  add_time(all, "http.write_timeout", part, &h::write_timeout, short_times);
  add_time(all, "http.idle_timeout", part, &h::idle_timeout, short_times);
  add_time(all, "http.answer_timeout", part, &h::answer_timeout, short_times);
}

void add_database(fields& all) {
  using d = database_settings;
  auto part = &settings::database;
  add(all, "database.url", [](const written_value& from, settings& to) -> complaint {
    std::string url;
    if (auto wrong = read_value(from, url); !wrong.empty())
      return wrong;
    if (url.empty())
      return "is empty; leave it out to have the daemon run its own PostgreSQL";
    to.database.url = std::move(url);
    return {};
  });
  add_number(all, "database.lanes", part, &d::lanes, {1, 64});
  add_number(all, "database.pool", part, &d::pool, {1, 64});
  add_time(all, "database.start_timeout", part, &d::start_timeout, short_times);
  add_time(all, "lease.ttl", &settings::lease, &lease_settings::ttl, {1s, 10min});
  add_time(all, "lease.renew_every", &settings::lease, &lease_settings::renew_every, {50ms, 5min});
}

void add_journal(fields& all) {
  using j = journal_settings;
  auto part = &settings::journal;
  add_number(all, "journal.segment_rows", part, &j::segment_rows, {100, 1'000'000'000});
  add_time(all, "journal.segment_age", part, &j::segment_age, {1s, 365 * 24h});
  add_time(all, "journal.keep", part, &j::keep, {0s, 100 * 365 * 24h});
  add_time(all, "journal.look_every", part, &j::look_every, {100ms, 1h});
}

void add_delivery(fields& all) {
  using d = delivery_settings;
  auto part = &settings::delivery;
  add_time(all, "delivery.call_timeout", part, &d::call_timeout, {50ms, 5min});
  add_time(all, "delivery.unknown_wait", part, &d::unknown_wait, {0s, 24h});
  add_time(all, "delivery.unknown_wait_after_restart", part, &d::unknown_wait_after_restart,
           {0s, 24h});
  add_time(all, "delivery.step_timeout", part, &d::step_timeout, {100ms, 24h});
  add_number(all, "delivery.window", part, &d::window, {1, 10'000});
  add_number(all, "delivery.breaker_failures", part, &d::breaker_failures, counts);
  add_time(all, "delivery.breaker_pause", part, &d::breaker_pause, {10ms, 24h});
}

void add_retry(fields& all) {
  for (std::size_t i = 0; i < enum_count<priority>; ++i) {
    auto part = [i](settings& to) -> retry_policy& { return to.retry.transient[i]; };
    auto name = to_string(static_cast<priority>(i));
    add_number(all, fmt::format("retry.{}.calls", name), part, &retry_policy::calls, {1, 100});
    add_time(all, fmt::format("retry.{}.first_wait", name), part, &retry_policy::first_wait,
             {1ms, 24h});
  }
  auto soft = [](settings& to) -> retry_policy& { return to.retry.soft_bounce; };
  add_number(all, "retry.soft_bounce.calls", soft, &retry_policy::calls, {1, 100});
  add_time(all, "retry.soft_bounce.first_wait", soft, &retry_policy::first_wait, {1ms, 7 * 24h});
  add_time(all, "retry.max_wait", &settings::retry, &retry_settings::max_wait, {1ms, 24h});
  add_number(all, "retry.jitter_percent", &settings::retry, &retry_settings::jitter_percent,
             {0, 90});
}

void add_limits(fields& all) {
  for (std::size_t i = 0; i < enum_count<channel>; ++i) {
    auto part = [i](settings& to) -> window_limits& { return to.limits[i]; };
    auto name = to_string(static_cast<channel>(i));
    if (static_cast<channel>(i) == channel::in_app)
      continue; // its own: no limiter, the inbox takes everything
    add_number(all, fmt::format("limits.{}.per_minute", name), part, &window_limits::per_minute,
               limits);
    add_number(all, fmt::format("limits.{}.per_hour", name), part, &window_limits::per_hour,
               limits);
    add_number(all, fmt::format("limits.{}.per_day", name), part, &window_limits::per_day, limits);
  }
}

void add_operations(fields& all) {
  constexpr std::uint64_t tib = kib * kib * kib * kib;
  auto part = &settings::budget;
  add_bytes(all, "memory.budget", part, &budget_settings::memory, {16 * kib * kib, tib});
  add_bytes(all, "memory.dedupe", part, &budget_settings::dedupe, {kib * kib, tib});
  add_bytes(all, "memory.people", part, &budget_settings::people, {kib * kib, tib});
  add_bytes(all, "disk.min_free", part, &budget_settings::disk_min_free, {0, tib});
  add_plain(all, "log.level", &settings::log, &log_settings::level);
  add_plain(all, "log.format", &settings::log, &log_settings::format);
  add_plain(all, "clock.offset_file", whole, &settings::clock_offset_file);
}

fields make_fields() {
  fields all;
  add_top(all);
  add_http(all);
  add_database(all);
  add_journal(all);
  add_delivery(all);
  add_retry(all);
  add_limits(all);
  add_operations(all);
  return all;
}

} // namespace

const std::vector<field<settings>>& setting_fields() {
  static const auto all = make_fields();
  return all;
}

} // namespace carillon
