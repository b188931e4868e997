#include "persistence/postgres/lane_writer.hpp"

#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/segments.hpp"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <iterator>

namespace carillon::persistence {

namespace {

// A server whose client is paused must not hold the lease row's lock for long; a lock that another
// session holds (only somebody's DDL could) is waited for a bounded time.
constexpr const char* session_settings
    = "set idle_in_transaction_session_timeout = '2s'; set lock_timeout = '5s'; set "
      "statement_timeout = '30s'; set synchronous_commit = on; set jit = off; set plan_cache_mode "
      "= "
      "force_generic_plan";

link_options options_for(const lane_settings& settings) {
  link_options result;
  result.url = settings.url;
  result.name = fmt::format("carillon lane {}", settings.lane);
  result.settings = session_settings;
  result.on_slow = settings.on_slow;
  return result;
}

std::string literal(std::string_view text) {
  std::string result{"'"};
  for (char c : text) {
    if (c == '\'')
      result += '\'';
    result += c;
  }
  return result + "'";
}

} // namespace

lane_writer::lane_writer(lane_settings settings)
    : settings_(std::move(settings)), link_(options_for(settings_)) {
  streams_[ledger_stream].table = fmt::format("ledger ({})", journal_columns);
  streams_[key_stream].table = "recipient_keys (partition, tenant, recipient_id, wrapped)";
  streams_[blob_stream].table = "blobs (notification_id, position, sealed)";
}

// -- connecting --------------------------------------------------------------

void lane_writer::open() {
  if (link_.is_open())
    return;
  link_.open();
  try {
    // Fenced is an error (division by zero), so that nothing behind it in the same string runs. The
    // number of the newest segment comes along for nothing.
    link_.prepare("lease",
                  fmt::format("with held as materialized (select 1 from node_lease where node = {} "
                              "and epoch = {} for key share) select (select max(number) from "
                              "segments) / (select count(*) from held)",
                              literal(settings_.node), settings_.epoch));
    segment_ = static_cast<int>(link_.run("select max(number) from segments").number(0, 0));
    auto stored = stored_position();
    if (next_position_ == 0)
      next_position_ = stored + 1;
  } catch (...) {
    link_.close();
    throw;
  }
}

std::uint64_t lane_writer::stored_position() {
  auto sql = fmt::format("select greatest((select next_position - 1 from lane_state where lane = "
                         "{0}), (select max(position) from ledger where lane = {0})",
                         settings_.lane);
  for (auto number : segments(link_))
    sql += fmt::format(", (select max(position) from journal_{} where lane = {})", number,
                       settings_.lane);
  return static_cast<std::uint64_t>(link_.run(sql + ")").number(0, 0));
}

write_result lane_writer::prepare() {
  lane_batch nothing;
  try {
    open();
    return write_result::committed;
  } catch (const sql_failure& why) {
    return failed(why, nothing);
  }
}

// -- writing -----------------------------------------------------------------

// A lane that was idle since its segment was closed finds the next one at its second try.
write_result lane_writer::write(lane_batch& batch) {
  auto result = write_once(batch);
  return segment_gone_ ? write_once(batch) : result;
}

write_result lane_writer::write_once(lane_batch& batch) {
  exchanging_ = false;
  segment_gone_ = false;
  try {
    open();
    if (batch.outcome_unknown) {
      auto found = look_up(batch);
      if (found == write_result::committed)
        finished(batch);
      if (found != write_result::later)
        return found;
    }
    return write_prepared(batch);
  } catch (const sql_failure& why) {
    return failed(why, batch);
  }
}

write_result lane_writer::look_up(lane_batch& batch) {
  auto lease = link_.run(fmt::format("select 1 from node_lease where node = {} and epoch = {}",
                                     literal(settings_.node), settings_.epoch));
  if (lease.rows() == 0) {
    problem_ = "another node has taken the lease";
    return write_result::fenced;
  }
  auto stored = stored_position();
  if (stored == batch.last_position)
    return write_result::committed;
  if (stored + 1 == batch.first_position) {
    // A commit under way would have been waited for: the conflict is with something else.
    if (std::exchange(batch.conflicted, false))
      return forget_positions(batch), write_result::data;
    return write_result::later;
  }
  problem_ = fmt::format("lane {} stands at {} and not at {}: somebody else writes it",
                         settings_.lane, stored, batch.first_position - 1);
  return write_result::fenced;
}

write_result lane_writer::write_prepared(lane_batch& batch) {
  if (batch.first_position == 0)
    give_positions(batch);
  if (encoded_first_ != batch.first_position)
    encode(batch);
  build_command();
  exchanging_ = true;
  exchange();
  finished(batch);
  return write_result::committed;
}

void lane_writer::finished(const lane_batch& batch) {
  next_position_ = batch.last_position + 1;
  encoded_first_ = 0;
}

void lane_writer::give_positions(lane_batch& batch) {
  batch.first_position = next_position_;
  auto position = next_position_;
  for (auto* part : batch.appends)
    for (auto& row : part->rows)
      row.position = position++;
  batch.last_position = position - 1;
}

// One string for everything: the server goes on to the commit by itself, and a commit is two round
// trips (one more for each further table).
void lane_writer::build_command() {
  streams_[journal_stream].table = fmt::format("journal_{} ({})", segment_, journal_columns);
  command_.assign("begin; execute lease;");
  command_ += dropped_keys_;
  for (const auto& part : streams_)
    if (part.rows > 0)
      fmt::format_to(std::back_inserter(command_), "copy {} from stdin (format binary);",
                     part.table);
  command_ += "commit";
}

void lane_writer::exchange() {
  link_.send(command_);
  std::size_t next_stream = 0;
  try {
    while (auto answer = link_.next()) {
      if (answer.rows() == 1)
        segment_ = static_cast<int>(answer.number(0, 0));
      if (!answer.wants_copy())
        continue;
      while (streams_[next_stream].rows == 0)
        ++next_stream;
      link_.put_copy(streams_[next_stream++].bytes);
      link_.end_copy();
    }
  } catch (const sql_failure& why) {
    if (!why.lost)
      link_.settle();
    throw;
  }
}

void lane_writer::forget_positions(lane_batch& batch) {
  batch.first_position = 0;
  batch.outcome_unknown = false;
  encoded_first_ = 0;
}

write_result lane_writer::failed(const sql_failure& why, lane_batch& batch) {
  problem_ = why.what();
  if (exchanging_ && why.state == "22012") {
    problem_ = "another node has taken the lease";
    return write_result::fenced;
  }
  switch (classify(why)) {
  case failure_class::lost:
    batch.outcome_unknown |= exchanging_;
    return write_result::later;
  case failure_class::repeated:
    // Either an earlier try was committed after all, or the rows conflict with others: look.
    batch.outcome_unknown = true;
    batch.conflicted = true;
    return write_result::later;
  case failure_class::segment:
    segment_gone_ = true;
    link_.close();
    return write_result::later;
  case failure_class::later:
    return write_result::later;
  case failure_class::data:
    break;
  }
  forget_positions(batch);
  return write_result::data;
}

// -- encoding ----------------------------------------------------------------

void lane_writer::begin_streams() {
  dropped_keys_.clear();
  for (auto& part : streams_) {
    part.bytes.clear();
    part.rows = 0;
    begin_copy(part.bytes);
  }
}

void lane_writer::encode(const lane_batch& batch) {
  begin_streams();
  for (const auto* part : batch.appends)
    encode_rows(*part);
  encode_keys(batch);
  for (auto& part : streams_)
    end_copy(part.bytes);
  encoded_first_ = batch.first_position;
}

void lane_writer::encode_rows(const append& part) {
  for (const auto& row : part.rows) {
    auto& target
        = streams_[family_of(row.type) == fact_family::journal ? journal_stream : ledger_stream];
    copy_row(target.bytes, row, static_cast<std::uint16_t>(settings_.lane));
    ++target.rows;
  }
  for (const auto& item : part.blobs) {
    auto& target = streams_[blob_stream];
    put_fields(target.bytes, 3);
    put_id(target.bytes, part.rows[item.row].notification);
    put_int64(target.bytes, static_cast<std::int64_t>(part.rows[item.row].position));
    put_bytes(target.bytes, item.sealed);
    ++target.rows;
  }
}

// A key may be made, dropped and made again within one batch: the last word counts, and every key
// that was dropped is deleted before the new ones are copied.
void lane_writer::encode_keys(const lane_batch& batch) {
  absl::flat_hash_map<std::string, std::pair<const wrapped_key*, bool>> last;
  for (const auto* part : batch.appends)
    for (const auto& key : part->keys) {
      auto name
          = fmt::format("{}\n{}\n{}", key.partition.value, key.tenant.str(), key.recipient.str());
      auto& entry = last[name];
      entry = {&key, entry.second || key.wrapped.empty()};
    }
  auto& target = streams_[key_stream];
  for (const auto& [name, entry] : last) {
    const auto& key = *entry.first;
    // A zero byte would end the statement; PostgreSQL's text has none, so there is no such key.
    if (entry.second && name.find('\0') == std::string::npos)
      dropped_keys_ += fmt::format(
          "delete from recipient_keys where partition = {} and tenant = {} and recipient_id = {};",
          key.partition.value, literal(key.tenant.str()), literal(key.recipient.str()));
    if (key.wrapped.empty())
      continue;
    put_fields(target.bytes, 4);
    put_int16(target.bytes, key.partition.value);
    put_bytes(target.bytes, key.tenant.str());
    put_bytes(target.bytes, key.recipient.str());
    put_bytes(target.bytes, key.wrapped);
    ++target.rows;
  }
}

} // namespace carillon::persistence
