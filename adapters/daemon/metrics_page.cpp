#include "adapters/daemon/metrics_page.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <string_view>
#include <vector>

namespace carillon::daemon {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using families = std::vector<MetricFamily>;

struct named_meter {
  const char* name;
  const char* help;
  meter metrics::*what;
};

constexpr named_meter counters[] = {
    {"events_accepted_total", "Events answered with 202.", &metrics::events_accepted},
    {"events_duplicate_total", "Events that were known already.", &metrics::events_duplicate},
    {"events_unmatched_total", "Events that no rule matched.", &metrics::events_unmatched},
    {"events_refused_total", "Events refused under pressure.", &metrics::events_refused},
    {"notifications_planned_total", "Notifications planned.", &metrics::notifications_planned},
    {"notifications_dead_lettered_total", "Notifications that ended without success.",
     &metrics::notifications_dead_lettered},
    {"notifications_cancelled_total", "Notifications cancelled.",
     &metrics::notifications_cancelled},
    {"notifications_expired_total", "Notifications that expired.", &metrics::notifications_expired},
    {"callbacks_accepted_total", "Provider callbacks taken.", &metrics::callbacks_accepted},
    {"callbacks_refused_total", "Provider callbacks with a wrong signature or form.",
     &metrics::callbacks_refused},
    {"journal_rows_total", "Rows made durable.", &metrics::journal_rows},
    {"journal_commits_total", "Commits of journal lanes.", &metrics::journal_commits},
    {"journal_retries_total", "Commits tried again.", &metrics::journal_retries},
    {"partition_restarts_total", "Partitions started again.", &metrics::partition_restarts},
    {"snapshots_written_total", "Snapshots of recipients made durable.",
     &metrics::snapshots_written},
    {"people_read_total", "Recipients read from their snapshots.", &metrics::people_read},
    {"people_evicted_total", "Recipients that left memory.", &metrics::people_evicted},
    {"live_frames_total", "Frames given to live sessions.", &metrics::live_frames},
    {"live_sessions_dropped_total", "Live sessions closed for being too slow.",
     &metrics::live_sessions_dropped},
    {"projector_rows_total", "Rows written to read models.", &metrics::projector_rows},
    {"provider_calls_total", "Calls to providers.", &metrics::provider_calls},
};

constexpr named_meter gauges[] = {
    {"journal_pending_bytes", "Bytes that wait for a commit.", &metrics::journal_bytes_pending},
    {"journal_down", "Lanes without a database.", &metrics::journal_down},
    {"partitions_ready", "Partitions of this node that are replayed.", &metrics::partitions_ready},
    {"segments_open", "Segments of the journal that a start reads.", &metrics::segments_open},
    {"segments_settled", "Segments that a start does without and that are not dropped.",
     &metrics::segments_settled},
    {"people_in_memory", "Recipients in memory.", &metrics::people_in_memory},
    {"deliveries_alive", "Notifications being worked on.", &metrics::deliveries_alive},
    {"notifications_waiting", "Notifications that wait.", &metrics::notifications_waiting},
    {"permits_waiting", "Deliveries that wait for a permit.", &metrics::permits_waiting},
    {"live_sessions", "WebSocket and SSE sessions.", &metrics::live_sessions},
    {"projector_lag_positions", "Journal positions that read models lack.",
     &metrics::projector_lag_positions},
    {"breaker_open", "Providers left alone after failures.", &metrics::breaker_open},
};

MetricFamily& add_family(families& page, std::string_view name, const char* help, MetricType type) {
  auto& family = page.emplace_back();
  family.name = "carillon_" + std::string{name};
  family.help = help;
  family.type = type;
  return family;
}

void put(ClientMetric& metric, MetricType type, const meter& value) {
  auto number = static_cast<double>(value.get());
  if (type == MetricType::Counter)
    metric.counter.value = number;
  else
    metric.gauge.value = number;
}

void add_plain(families& page, const metrics& numbers, const named_meter& each, MetricType type) {
  auto& family = add_family(page, each.name, each.help, type);
  put(family.metric.emplace_back(), type, numbers.*each.what);
}

/// One family with a label for each value of an enum.
template <named_enum E>
void add_labelled(families& page, std::string_view name, const char* help, const char* label,
                  const std::array<meter, enum_count<E>>& values) {
  auto& family = add_family(page, name, help, MetricType::Counter);
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto& metric = family.metric.emplace_back();
    metric.label.push_back({label, std::string{to_string(static_cast<E>(i))}});
    metric.counter.value = static_cast<double>(values[i].get());
  }
}

void add_latency(families& page, std::string_view name, const char* help,
                 const latency_meter& from) {
  auto& family = add_family(page, name, help, MetricType::Histogram);
  auto& histogram = family.metric.emplace_back().histogram;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i + 1 < latency_meter::buckets; ++i) {
    so_far += from.count(i);
    histogram.bucket.push_back({so_far, static_cast<double>(latency_meter::edge_us(i)) / 1e6});
  }
  histogram.sample_count = so_far + from.count(latency_meter::buckets - 1);
  histogram.sample_sum = static_cast<double>(from.sum_us()) / 1e6;
}

void add_attempts(families& page, const metrics& numbers) {
  add_labelled<channel>(page, "attempts_started_total", "Calls that were journaled as begun.",
                        "channel", numbers.attempts_started);
  add_labelled<channel>(page, "attempts_succeeded_total", "Calls that the provider accepted.",
                        "channel", numbers.attempts_succeeded);
  add_labelled<channel>(page, "attempts_failed_total", "Calls that failed.", "channel",
                        numbers.attempts_failed);
  add_labelled<channel>(page, "attempts_unknown_total", "Calls whose outcome is not known.",
                        "channel", numbers.attempts_unknown);
  add_labelled<channel>(page, "attempts_resent_after_unknown_total",
                        "Calls made again although the one before may have worked.", "channel",
                        numbers.attempts_resent_after_unknown);
  add_labelled<reason>(page, "holds_total", "Steps held back, by reason.", "reason", numbers.holds);
  add_labelled<reason>(page, "suppressions_total", "Steps suppressed, by reason.", "reason",
                       numbers.suppressions);
}

} // namespace

std::string metrics_page(const metrics& numbers) {
  families page;
  for (const auto& each : counters)
    add_plain(page, numbers, each, MetricType::Counter);
  for (const auto& each : gauges)
    add_plain(page, numbers, each, MetricType::Gauge);
  add_attempts(page, numbers);
  add_latency(page, "event_to_durable_seconds", "From an event's arrival to its commit.",
              numbers.event_to_durable);
  add_latency(page, "event_to_outcome_seconds",
              "From an event's arrival to the first provider's answer.", numbers.event_to_outcome);
  add_latency(page, "journal_commit_seconds", "Commits of journal lanes.", numbers.commit_time);
  add_latency(page, "provider_call_seconds", "Calls to providers.", numbers.provider_time);
  return prometheus::TextSerializer{}.Serialize(page);
}

} // namespace carillon::daemon
