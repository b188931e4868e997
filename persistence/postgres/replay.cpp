#include "persistence/postgres/replay.hpp"

#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/link.hpp"
#include "persistence/postgres/segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_after = 200ms;
constexpr std::size_t bytes_per_row = 200; // what a row takes beside its texts

/// Counts what partitions hold; outlives the scan, because they let go when they like.
class flow {
public:
  explicit flow(std::size_t most) : most_(most) {}

  void hold(std::size_t bytes, const std::function<bool()>& cancelled) {
    std::unique_lock guard{mutex_};
    while (held_ > most_ && !(cancelled && cancelled()))
      freed_.wait_for(guard, 100ms);
    held_ += bytes;
  }

  void free(std::size_t bytes) {
    {
      std::lock_guard guard{mutex_};
      held_ -= bytes;
    }
    freed_.notify_one();
  }

private:
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t held_ = 0;
};

struct gathering {
  std::unique_ptr<replay_chunk> chunk = std::make_unique<replay_chunk>();
  std::size_t bytes = 0;
  std::uint64_t last_sequence = 0;
};

std::string list_of(const std::bitset<256>& partitions) {
  std::string result;
  for (std::size_t i = 0; i < partitions.size(); ++i)
    if (partitions.test(i))
      result += fmt::format("{}{}", result.empty() ? "" : ",", i);
  return result;
}

class scan {
public:
  scan(const replay_options& options, const replay_sink& sink);
  void run();

private:
  void read_keys();
  void read_rows();
  std::string rows_statement();
  void take_row(journal_row row);
  void hand_over(std::size_t partition);
  void finish();
  bool is_cancelled() const {
    return options_.cancelled && options_.cancelled();
  }

  const replay_options& options_;
  const replay_sink& sink_;
  link link_;
  std::string partitions_;
  std::shared_ptr<flow> flow_;
  std::array<gathering, 256> gathered_;
  std::uint64_t position_ = 0; ///< of the last row that was read
  bool has_keys_ = false;
};

link_options link_for(const replay_options& options) {
  link_options result;
  result.url = options.url;
  result.name = fmt::format("carillon replay {}", options.lane);
  // In the order of an index: sorting a journal would write it to disk once more.
  result.settings = "set enable_sort = off; set enable_incremental_sort = off; set enable_seqscan "
                    "= off; set enable_bitmapscan = off; set jit = off; set cursor_tuple_fraction "
                    "= 1";
  result.answer_timeout = 120s;
  result.cancelled = options.cancelled;
  return result;
}

scan::scan(const replay_options& options, const replay_sink& sink)
    : options_(options), sink_(sink), link_(link_for(options)),
      partitions_(list_of(options.partitions)),
      flow_(std::make_shared<flow>(options.bytes_in_flight)) {}

void scan::run() {
  while (!is_cancelled()) {
    try {
      link_.open();
      if (!has_keys_)
        read_keys();
      has_keys_ = true;
      read_rows();
      return is_cancelled() ? void() : finish();
    } catch (const sql_failure& why) {
      auto kind = classify(why);
      if (kind == failure_class::data || kind == failure_class::repeated)
        throw;
    }
    std::this_thread::sleep_for(retry_after);
  }
}

void scan::hand_over(std::size_t partition) {
  auto& from = gathered_[partition];
  if (from.chunk->rows.empty() && from.chunk->keys.empty())
    return;
  auto bytes = std::exchange(from.bytes, 0);
  flow_->hold(bytes, options_.cancelled);
  replay_chunk_ptr chunk{from.chunk.release(), [held = flow_, bytes](const replay_chunk* done) {
                           delete done;
                           held->free(bytes);
                         }};
  from.chunk = std::make_unique<replay_chunk>();
  sink_.chunk({static_cast<std::uint8_t>(partition)}, std::move(chunk));
}

void scan::read_keys() {
  link_.send(
      fmt::format("copy (select partition, tenant, recipient_id, wrapped from recipient_keys "
                  "where partition in ({})) to stdout (format binary)",
                  partitions_));
  link_.next();
  std::string_view piece;
  while (link_.get_copy(piece)) {
    copy_reader in{piece};
    in.skip_header();
    if (in.fields() < 0)
      continue;
    wrapped_key key;
    key.partition.value = static_cast<std::uint8_t>(in.int16());
    key.tenant = tenant_id{std::string{in.bytes()}};
    key.recipient = recipient_id{std::string{in.bytes()}};
    key.wrapped = in.bytes();
    auto& target = gathered_[key.partition.value];
    target.bytes += bytes_per_row;
    target.chunk->keys.push_back(std::move(key));
    if (target.chunk->keys.size() >= options_.rows_per_chunk)
      hand_over(target.chunk->keys.back().partition.value);
  }
  while (link_.next())
    ;
  for (std::size_t i = 0; i < gathered_.size(); ++i)
    hand_over(i);
}

// Lane and position together in filter and order are what makes the planner merge index scans
// instead of sorting.
std::string scan::rows_statement() {
  std::string tables{"select * from ledger"};
  for (auto number : segments(link_))
    tables += fmt::format(" union all select * from journal_{}", number);
  auto few = options_.partitions.count() < 64;
  return fmt::format(
      "copy (select {} from ({}) x where lane = {} and position > {}{} order by lane, "
      "position) to stdout (format binary)",
      journal_columns, tables, options_.lane, position_,
      few ? fmt::format(" and partition in ({})", partitions_) : std::string{});
}

void scan::read_rows() {
  link_.send(rows_statement());
  link_.next();
  std::string_view piece;
  std::size_t count = 0;
  while (link_.get_copy(piece)) {
    copy_reader in{piece};
    in.skip_header();
    if (in.fields() < 0)
      continue;
    journal_row row;
    read_row(in, row);
    position_ = row.position;
    if (options_.partitions.test(row.partition.value))
      take_row(std::move(row));
    if (++count % 4096 == 0 && is_cancelled())
      return;
  }
  while (link_.next())
    ;
}

void scan::take_row(journal_row row) {
  auto partition = row.partition.value;
  auto& target = gathered_[partition];
  target.bytes += bytes_per_row + row.body.size() + row.sealed.size();
  target.last_sequence = row.sequence;
  target.chunk->rows.push_back(std::move(row));
  if (target.chunk->rows.size() >= options_.rows_per_chunk)
    hand_over(partition);
}

void scan::finish() {
  auto sequences = link_.run("select partition, next_sequence from partition_owner");
  auto projected = link_.run(
      fmt::format("select position from projector_position where lane = {}", options_.lane));
  auto position = projected.rows() == 1 ? static_cast<std::uint64_t>(projected.number(0, 0)) : 0;
  std::array<std::uint64_t, 256> kept{};
  for (int row = 0; row < sequences.rows(); ++row)
    kept[static_cast<std::size_t>(sequences.number(row, 0))]
        = static_cast<std::uint64_t>(sequences.number(row, 1));
  for (std::size_t i = 0; i < gathered_.size(); ++i) {
    if (!options_.partitions.test(i))
      continue;
    hand_over(i);
    sink_.end({static_cast<std::uint8_t>(i)},
              {std::max({kept[i], gathered_[i].last_sequence + 1, std::uint64_t{1}}), position});
  }
}

} // namespace

void replay_lane(const replay_options& options, const replay_sink& sink) {
  scan{options, sink}.run();
}

} // namespace carillon::persistence
