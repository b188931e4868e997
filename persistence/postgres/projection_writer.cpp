#include "persistence/postgres/projection_writer.hpp"

#include "persistence/postgres/embedded_sql.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

// The server loses at most three times wal_writer_delay (200 ms) of such commits.
constexpr auto keep_for = 1s;

link_options link_for(std::string url, std::uint32_t lane) {
  link_options result;
  result.url = std::move(url);
  result.name = fmt::format("carillon projector {}", lane);
  result.settings
      = "set synchronous_commit = off; set lock_timeout = '5s'; set statement_timeout = "
        "'60s'; set idle_in_transaction_session_timeout = '10s'; set jit = off";
  result.answer_timeout = 70s;
  return result;
}

bool is_dead_letter(const projection& line) {
  return line.now == status::dead_lettered && line.why != reason::discarded;
}

std::int64_t event_hash(const hash16& dedupe) {
  std::int64_t value = 0;
  std::memcpy(&value, dedupe.bytes.data(), sizeof value);
  return value;
}

/// The arrays of sql/project_created.sql, in its order.
class created_columns {
public:
  void add(const projection& line, const notification_view& view) {
    columns_[0].add_id(line.id);
    columns_[1].add_int64(event_hash(view.dedupe));
    columns_[2].add_time(view.created_at);
    columns_[3].add_time(line.updated_at);
    columns_[4].add_time_or_null(view.send_at);
    columns_[5].add_time_or_null(view.expires_at);
    columns_[6].add_int16(static_cast<int>(view.in));
    columns_[7].add_int16(static_cast<int>(view.at));
    columns_[8].add_int16(static_cast<int>(line.now));
    line.has_channel ? columns_[9].add_int16(static_cast<int>(line.on)) : columns_[9].add_null();
    columns_[10].add_int16(static_cast<int>(line.why));
    columns_[11].add_text(view.tenant.str());
    columns_[12].add_text(view.recipient.str());
    columns_[13].add_text(view.event_id);
    columns_[14].add_text(view.type);
    columns_[15].add_bool(line.open);
  }

  bool empty() const {
    return columns_[0].size() == 0;
  }

  std::vector<binary_parameter> parameters() {
    std::vector<binary_parameter> result;
    for (auto& column : columns_)
      result.push_back({column.bytes()});
    return result;
  }

private:
  using t = type_number;
  std::array<binary_array, 16> columns_{
      binary_array{t::uuid},        binary_array{t::int8},        binary_array{t::timestamptz},
      binary_array{t::timestamptz}, binary_array{t::timestamptz}, binary_array{t::timestamptz},
      binary_array{t::int2},        binary_array{t::int2},        binary_array{t::int2},
      binary_array{t::int2},        binary_array{t::int2},        binary_array{t::text},
      binary_array{t::text},        binary_array{t::text},        binary_array{t::text},
      binary_array{t::boolean}};
};

} // namespace

void fold::add(const committed_batch& batch) {
  position = std::max(position, batch.last_position);
  for (const auto& change : batch.projections)
    add(change);
}

void fold::add(const projection& change) {
  as_of = std::max(as_of, change.updated_at);
  auto [at, is_new] = lines.try_emplace(change.id, change);
  if (is_new)
    return;
  auto earlier = std::exchange(at->second, change);
  if (!at->second.created)
    at->second.created = std::move(earlier.created);
  if (!change.has_channel) {
    at->second.on = earlier.on;
    at->second.has_channel = earlier.has_channel;
  }
}

projection_writer::projection_writer(std::string url, std::uint32_t lane, projector_lease lease)
    : lane_(lane), lease_(std::move(lease)), link_(link_for(std::move(url), lane)) {}

void projection_writer::open() {
  if (link_.is_open())
    return;
  link_.open();
  try {
    for (const char* name : {"project_created", "project_changed", "project_dead", "project_alive"})
      link_.prepare(name, statement(name));
    if (lease_.epoch != 0) // division by zero where it is another's
      link_.prepare("lease", fmt::format("with held as materialized (select 1 from node_lease "
                                         "where node = '{}' and epoch = {} for key share) select "
                                         "1 / (select count(*) from held)",
                                         lease_.node, lease_.epoch));
    has_dead_letters_ = true;
    auto stored
        = link_.run(fmt::format("select position from projector_position where lane = {}", lane_));
    write_again(static_cast<std::uint64_t>(stored.number(0, 0)));
  } catch (...) {
    link_.close();
    throw;
  }
}

// Who was paused must not write what was true before over what his successor wrote since.
void projection_writer::begin() {
  try {
    link_.run(lease_.epoch != 0 ? "begin; execute lease" : "begin");
  } catch (const sql_failure& why) {
    if (why.state != "22012")
      throw;
    throw sql_failure("another node has taken the lease", "", false);
  }
}

void projection_writer::write_again(std::uint64_t stored) {
  for (auto& lost : kept_) {
    if (lost.position <= stored)
      continue;
    write_lines(lost.lines);
    commit_position(lost.position, lost.as_of);
    lost.at = std::chrono::steady_clock::now();
  }
}

void projection_writer::write(const fold& what) {
  open();
  std::vector<projection> lines;
  lines.reserve(what.lines.size());
  for (const auto& [id, line] : what.lines)
    lines.push_back(line);
  // In one order everywhere: two projectors never wait for each other crosswise.
  std::sort(lines.begin(), lines.end(),
            [](const projection& a, const projection& b) { return a.id < b.id; });
  try {
    begin();
    write_once(lines);
    write_position(what.position, what.as_of);
    link_.run("commit");
  } catch (const sql_failure& why) {
    link_.settle();
    if (classify(why) != failure_class::data)
      throw;
    write_lines(lines);
    commit_position(what.position, what.as_of);
  }
  keep(std::move(lines), what);
}

void projection_writer::keep(std::vector<projection> lines, const fold& what) {
  forget_old();
  kept_.push_back({std::chrono::steady_clock::now(), what.position, what.as_of, std::move(lines)});
}

// Only while the connection that wrote it is still there: its end is how a crash is noticed.
void projection_writer::forget_old() {
  auto now = std::chrono::steady_clock::now();
  while (!kept_.empty() && now - kept_.front().at > keep_for)
    kept_.pop_front();
}

void projection_writer::confirm() {
  open();
  link_.run("select 1");
  forget_old();
}

// Halves until the line that cannot be written is alone.
void projection_writer::write_lines(std::span<const projection> lines) {
  if (lines.empty())
    return;
  try {
    begin();
    write_once(lines);
    link_.run("commit");
    return;
  } catch (const sql_failure& why) {
    link_.settle();
    if (classify(why) != failure_class::data)
      throw;
    if (lines.size() == 1) {
      spdlog::error("read model: {} cannot be written: {}", to_string(lines[0].id), why.what());
      return;
    }
  }
  write_lines(lines.first(lines.size() / 2));
  write_lines(lines.subspan(lines.size() / 2));
}

void projection_writer::write_once(std::span<const projection> lines) {
  write_created(lines);
  write_changed(lines);
  write_dead_letters(lines);
}

void projection_writer::write_created(std::span<const projection> lines) {
  created_columns columns;
  for (const auto& line : lines)
    if (line.created)
      columns.add(line, *line.created);
  if (!columns.empty())
    link_.run_prepared("project_created", columns.parameters());
}

void projection_writer::write_changed(std::span<const projection> lines) {
  binary_array ids{type_number::uuid};
  binary_array times{type_number::timestamptz};
  binary_array states{type_number::int2};
  binary_array channels{type_number::int2};
  binary_array reasons{type_number::int2};
  binary_array open{type_number::boolean};
  for (const auto& line : lines) {
    if (line.created)
      continue;
    ids.add_id(line.id);
    times.add_time(line.updated_at);
    states.add_int16(static_cast<int>(line.now));
    line.has_channel ? channels.add_int16(static_cast<int>(line.on)) : channels.add_null();
    reasons.add_int16(static_cast<int>(line.why));
    open.add_bool(line.open);
  }
  if (ids.size() > 0)
    link_.run_prepared("project_changed", {{ids.bytes()},
                                           {times.bytes()},
                                           {states.bytes()},
                                           {channels.bytes()},
                                           {reasons.bytes()},
                                           {open.bytes()}});
}

void projection_writer::write_dead_letters(std::span<const projection> lines) {
  binary_array dead{type_number::uuid};
  binary_array alive{type_number::uuid};
  for (const auto& line : lines)
    (is_dead_letter(line) ? dead : alive).add_id(line.id);
  if (has_dead_letters_ && alive.size() > 0) {
    link_.run_prepared("project_alive", {{alive.bytes()}});
    has_dead_letters_ = link_.run("select exists (select 1 from dead_letters)").at(0, 0) == "t";
  }
  if (dead.size() == 0)
    return;
  link_.run_prepared("project_dead", {{dead.bytes()}});
  has_dead_letters_ = true;
}

/// Alone, but fenced like everything else that is written.
void projection_writer::commit_position(std::uint64_t position, timestamp as_of) {
  begin();
  write_position(position, as_of);
  link_.run("commit");
}

void projection_writer::write_position(std::uint64_t position, timestamp as_of) {
  if (position == 0)
    return;
  link_.run(fmt::format("update projector_position set position = greatest(position, {}), as_of = "
                        "greatest(as_of, to_timestamp({} / 1000000.0)) where lane = {}",
                        position, as_of.time_since_epoch().count(), lane_));
}

} // namespace carillon::persistence
