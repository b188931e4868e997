#include "persistence/postgres/replay.hpp"

#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/link.hpp"
#include "persistence/postgres/segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
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

// As pack_events of migrations/0005_snapshots.sql wrote it.
constexpr std::size_t packed_event_size = 37;

remembered_event unpack_event(std::string_view packed) {
  remembered_event result;
  std::memcpy(result.event.bytes.data(), packed.data(), result.event.bytes.size());
  std::memcpy(result.first.bytes.data(), packed.data() + 16, result.first.bytes.size());
  std::uint32_t seconds = 0;
  for (std::size_t i = 32; i < 36; ++i)
    seconds = seconds << 8U | static_cast<std::uint8_t>(packed[i]);
  result.at = timestamp{std::chrono::seconds{seconds}};
  result.kept = packed[36] != 0;
  return result;
}

std::string list_of(const std::bitset<256>& partitions) {
  std::string result;
  for (std::size_t i = 0; i < partitions.size(); ++i)
    if (partitions.test(i))
      result += fmt::format("{}{}", result.empty() ? "" : ",", i);
  return result;
}

/// What there is to read, in this order.
enum class stage { people, events, carried, rows, done };

class scan {
public:
  scan(const replay_options& options, const replay_sink& sink);
  void run();

private:
  void begin();
  void look();
  void read();
  void read_people();
  void read_events();
  void read_journal(const std::string& from, std::uint64_t& position);
  void read_carried();
  void read_rows();
  template <class Take>
  void copy(const std::string& select, Take take);
  void take_person(copy_reader& in);
  void take_events(copy_reader& in);
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
  stage stage_ = stage::people;
  // What the first look saw: what was settled since is read as if it were not.
  int first_segment_ = 0; ///< the oldest that is not settled
  std::uint64_t settled_position_ = 0;
  std::vector<int> segments_; ///< from that one on
  // The last that was read, of events, carried rows and rows.
  int events_segment_ = 0;
  int events_partition_ = -1;
  std::uint64_t carried_position_ = 0;
  std::uint64_t position_ = 0;
};

link_options link_for(const replay_options& options) {
  link_options result;
  result.url = options.url;
  result.name = fmt::format("carillon replay {}", options.lane);
  // In the order of an index: sorting or hashing a journal would write it to disk once more.
  result.settings = "set enable_sort = off; set enable_incremental_sort = off; set enable_seqscan "
                    "= off; set enable_bitmapscan = off; set enable_hashjoin = off; set jit = off; "
                    "set cursor_tuple_fraction = 1";
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
      begin();
      while (stage_ != stage::done && !is_cancelled())
        read();
      return is_cancelled() ? void() : finish();
    } catch (const sql_failure& why) {
      auto kind = classify(why);
      if (kind == failure_class::data || kind == failure_class::repeated)
        throw;
    }
    std::this_thread::sleep_for(retry_after);
  }
}

// The list of segments, what is settled and the rows are of one moment.
void scan::begin() {
  link_.open();
  link_.run("begin isolation level repeatable read read only");
  if (first_segment_ == 0)
    look();
  segments_.clear();
  for (auto number : segments(link_))
    if (number >= first_segment_)
      segments_.push_back(number);
  if (segments_.empty() || segments_.front() != first_segment_)
    throw std::runtime_error("a segment was dropped while it was replayed");
}

void scan::look() {
  auto settled = link_.run(
      fmt::format("select settled_position from lane_state where lane = {}", options_.lane));
  if (settled.rows() == 1)
    settled_position_ = static_cast<std::uint64_t>(settled.number(0, 0));
  position_ = settled_position_;
  first_segment_ = static_cast<int>(
      link_.run("select min(number) from segments where settled_at is null").number(0, 0));
}

void scan::read() {
  switch (stage_) {
  case stage::people:
    read_people();
    break;
  case stage::events:
    read_events();
    break;
  case stage::carried:
    read_carried();
    break;
  case stage::rows:
    read_rows();
    break;
  case stage::done:
    return;
  }
  for (std::size_t i = 0; i < gathered_.size(); ++i)
    hand_over(i);
  stage_ = static_cast<stage>(static_cast<int>(stage_) + 1);
}

void scan::hand_over(std::size_t partition) {
  auto& from = gathered_[partition];
  if (from.chunk->rows.empty() && from.chunk->people.empty() && from.chunk->events.empty())
    return;
  from.chunk->settled = stage_ == stage::carried;
  auto bytes = std::exchange(from.bytes, 0);
  flow_->hold(bytes, options_.cancelled);
  replay_chunk_ptr chunk{from.chunk.release(), [held = flow_, bytes](const replay_chunk* done) {
                           delete done;
                           held->free(bytes);
                         }};
  from.chunk = std::make_unique<replay_chunk>();
  sink_.chunk({static_cast<std::uint8_t>(partition)}, std::move(chunk));
}

template <class Take>
void scan::copy(const std::string& select, Take take) {
  link_.send("copy (" + select + ") to stdout (format binary)");
  link_.next();
  std::string_view piece;
  std::size_t count = 0;
  while (link_.get_copy(piece)) {
    copy_reader in{piece};
    in.skip_header();
    if (in.fields() < 0)
      continue;
    take(in);
    if (++count % 4096 == 0 && is_cancelled())
      return;
  }
  while (link_.next())
    ;
}

// -- people and events -------------------------------------------------------

// The names are merged from two indexes, whose bodies need not be read; a few have roles, and come
// once more. Who came before a connection was lost comes again, too.
void scan::read_people() {
  auto names = [this](const char* table) {
    return fmt::format("(select partition, tenant, recipient_id from {} where partition in ({}))",
                       table, partitions_);
  };
  copy(fmt::format("select partition, tenant, recipient_id, null::text[] from {} k full join {} s "
                   "using (partition, tenant, recipient_id)",
                   names("recipient_keys"), names("snapshots")),
       [this](copy_reader& in) { take_person(in); });
  if (is_cancelled())
    return;
  copy(fmt::format("select partition, tenant, recipient_id, roles from snapshots where roles is "
                   "not null and partition in ({})",
                   partitions_),
       [this](copy_reader& in) { take_person(in); });
}

void scan::take_person(copy_reader& in) {
  auto partition = static_cast<std::uint8_t>(in.int16());
  known_person known;
  known.who.tenant = tenant_id{std::string{in.bytes()}};
  known.who.recipient = recipient_id{std::string{in.bytes()}};
  known.roles = in.texts();
  auto& target = gathered_[partition];
  target.bytes += bytes_per_row;
  target.chunk->people.push_back(std::move(known));
  if (target.chunk->people.size() >= options_.rows_per_chunk)
    hand_over(partition);
}

void scan::read_events() {
  copy(fmt::format("select segment::bigint, partition, events from segment_events where newest > "
                   "now() - interval '7 days' and segment < {} and (segment, partition) > ({}, {}) "
                   "and partition in ({}) order by segment, partition",
                   first_segment_, events_segment_, events_partition_, partitions_),
       [this](copy_reader& in) { take_events(in); });
}

void scan::take_events(copy_reader& in) {
  events_segment_ = static_cast<int>(in.int64());
  events_partition_ = in.int16();
  auto& target = gathered_[static_cast<std::size_t>(events_partition_)];
  auto packed = in.bytes();
  target.bytes += packed.size() + bytes_per_row;
  for (; packed.size() >= packed_event_size; packed.remove_prefix(packed_event_size))
    target.chunk->events.push_back(unpack_event(packed));
  if (target.chunk->events.size() >= options_.rows_per_chunk)
    hand_over(static_cast<std::size_t>(events_partition_));
}

// -- rows --------------------------------------------------------------------

void scan::read_carried() {
  read_journal(
      fmt::format("(select * from carried where open and position <= {})", settled_position_),
      carried_position_);
}

void scan::read_rows() {
  std::string tables{"(select * from ledger"};
  for (auto number : segments_)
    tables += fmt::format(" union all select * from journal_{}", number);
  read_journal(tables + ")", position_);
}

// Lane and position together in filter and order are what makes the planner merge index scans
// instead of sorting.
void scan::read_journal(const std::string& from, std::uint64_t& position) {
  auto few = options_.partitions.count() < 64;
  copy(
      fmt::format("select {} from {} x where lane = {} and position > {}{} order by lane, position",
                  journal_columns, from, options_.lane, position,
                  few ? fmt::format(" and partition in ({})", partitions_) : std::string{}),
      [&](copy_reader& in) {
        journal_row row;
        read_row(in, row);
        position = row.position;
        if (options_.partitions.test(row.partition.value))
          take_row(std::move(row));
      });
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

// Read afresh: nothing of it is older than the rows.
void scan::finish() {
  link_.run("commit");
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
    sink_.end({static_cast<std::uint8_t>(i)},
              {std::max({kept[i], gathered_[i].last_sequence + 1, std::uint64_t{1}}), position});
  }
}

} // namespace

void replay_lane(const replay_options& options, const replay_sink& sink) {
  scan{options, sink}.run();
}

} // namespace carillon::persistence
