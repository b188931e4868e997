#include "messages/fact_codec.hpp"

#include "persistence/memory/memory_database.hpp"

#include <algorithm>

namespace carillon::persistence {

namespace {

constexpr auto request_age = std::chrono::hours{24};
constexpr auto event_age = std::chrono::hours{24 * 7};

std::optional<remembered_event> event_of(const journal_row& row) {
  if (row.type > fact_type::rescheduled)
    return std::nullopt;
  auto fact = decode_fact(row.type, row.schema, row.body);
  if (!fact)
    return std::nullopt;
  remembered_event result;
  if (const auto* received = std::get_if<event_received>(&*fact))
    result.event = received->dedupe;
  else if (const auto* planned = std::get_if<notification_planned>(&*fact))
    result.event = planned->dedupe;
  else
    result.event = std::get<rescheduled>(*fact).dedupe;
  result.kept = row.type == fact_type::event_received;
  if (!result.kept)
    result.first = row.notification;
  result.at = std::chrono::floor<std::chrono::seconds>(row.recorded_at);
  return result.event.is_nil() ? std::nullopt : std::optional{result};
}

bool is_request(const journal_row& row) {
  return row.type == fact_type::request_claimed || row.type == fact_type::request_answered;
}

} // namespace

// -- people ------------------------------------------------------------------

void memory_database::save(const save_snapshots& what) {
  std::lock_guard guard{mutex_};
  for (const auto& item : what.items) {
    auto& kept
        = snapshots_[{what.partition.value, item.who.tenant.str(), item.who.recipient.str()}];
    if (kept.sequence < item.sequence)
      kept = item;
  }
}

snapshots_read memory_database::read(const read_snapshots& what) const {
  std::lock_guard guard{mutex_};
  snapshots_read result;
  for (const auto& who : what.who) {
    person_key name{what.partition.value, who.tenant.str(), who.recipient.str()};
    auto key = keys_.find(name);
    auto kept = snapshots_.find(name);
    if (key == keys_.end() && kept == snapshots_.end())
      continue;
    auto& item = result.items.emplace_back();
    item.who = who;
    if (key != keys_.end())
      item.wrapped = key->second.wrapped;
    if (kept != snapshots_.end()) {
      item.sequence = kept->second.sequence;
      item.body = kept->second.body;
    }
  }
  return result;
}

// -- segments ----------------------------------------------------------------

bool memory_database::is_open(const notification_id& id) const {
  auto found = lines_.find(id);
  return found != lines_.end() && found->second.open;
}

segments_listed memory_database::tend(const tend_segments& what, timestamp now) {
  std::lock_guard guard{mutex_};
  segments_listed result;
  if (segments_.back().info.created_at == no_time)
    segments_.back().info.created_at = now;
  auto named = std::find_if(segments_.begin(), segments_.end(),
                            [&](const auto& s) { return s.info.number == what.segment; });
  if (what.what == tend_segments::verb::rotate) {
    auto next = segments_.back().info.number + 1;
    segments_.back().info.closed_at = now;
    segments_.emplace_back().info.number = next;
    segments_.back().info.created_at = now;
  } else if (what.what == tend_segments::verb::settle) {
    result.refused
        = named == segments_.end() ? "there is no such segment" : settle(*named, what, now);
  } else if (what.what == tend_segments::verb::drop) {
    result.refused = drop(what.segment);
  }
  count_rows();
  for (const auto& item : segments_)
    result.segments.push_back(item.info);
  return result;
}

/// Also where the one ends that was closed just now.
void memory_database::count_rows() {
  std::vector<std::uint64_t> before(lanes_.size());
  for (std::size_t lane = 0; lane < lanes_.size() && !dropped_.empty(); ++lane)
    before[lane] = dropped_.back().ends[lane];
  for (auto& item : segments_) {
    auto ends = item.ends;
    for (std::size_t lane = ends.size(); lane < lanes_.size(); ++lane)
      ends.push_back(lanes_[lane].next_position - 1);
    item.info.rows = 0;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
      item.info.rows += ends[lane] - before[lane];
    if (item.info.closed_at != no_time)
      item.ends = ends;
    before = std::move(ends);
  }
}

std::string memory_database::why_not(const segment& what, const tend_segments& how) const {
  if (what.info.closed_at == no_time)
    return "the segment is not closed";
  if (what.info.settled_at != no_time)
    return "the segment is settled";
  if ((&what != segments_.data()) && (&what - 1)->info.settled_at == no_time)
    return "there are segments before it that are not settled";
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].projected < what.ends[lane])
      return "the read models are behind the segment";
    for (const auto& row : lanes_[lane].rows)
      if (row.what.position > lanes_[lane].settled && row.what.position <= what.ends[lane]
          && row.what.sequence > how.flushed[row.what.partition.value])
        return "facts of the segment are in no snapshot yet";
  }
  return {};
}

std::string memory_database::settle(segment& what, const tend_segments& how, timestamp now) {
  if (auto refused = why_not(what, how); !refused.empty())
    return refused;
  pack_events(what);
  for (auto* these : {&dropped_, &segments_})
    for (auto& item : *these)
      for (auto& [partition, events] : item.events)
        std::erase_if(events, [&](const auto& e) { return e.at <= now - event_age; });
  carry(what, now);
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    lanes_[lane].settled = what.ends[lane];
  what.info.settled_at = now;
  return {};
}

void memory_database::pack_events(segment& what) {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    for (const auto& row : lanes_[lane].rows)
      if (row.what.position > lanes_[lane].settled && row.what.position <= what.ends[lane])
        if (auto event = event_of(row.what))
          what.events[row.what.partition.value].push_back(*event);
}

/// What is open stays carried; what was over once is read back whole if it is open again.
void memory_database::carry(const segment& what, timestamp now) {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    for (auto& row : lanes_[lane].rows) {
      if (row.what.position > what.ends[lane] || family_of(row.what.type) == fact_family::ledger)
        continue;
      auto wanted = is_request(row.what) ? row.what.recorded_at > now - request_age
                                         : is_open(row.what.notification);
      row.carried = wanted && (row.carried || row.what.position > lanes_[lane].settled);
    }
}

std::string memory_database::drop(std::int32_t number) {
  auto& oldest = segments_.front();
  if (oldest.info.number != number)
    return "there are segments before it, or it is not there";
  if (oldest.info.settled_at == no_time)
    return "the segment is not settled";
  std::erase_if(lines_, [&](const auto& item) {
    return !item.second.open && item.second.shown.updated_at <= oldest.info.closed_at;
  });
  drop_rows(oldest);
  dropped_.push_back(std::move(oldest));
  segments_.erase(segments_.begin());
  return {};
}

/// What is open stays, and what was when it was settled, for as long as its line.
void memory_database::drop_rows(const segment& of) {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    std::erase_if(lanes_[lane].rows, [&](stored_row& row) {
      if (row.what.position > of.ends[lane] || family_of(row.what.type) == fact_family::ledger)
        return false;
      const auto& id = row.what.notification;
      row.alone = row.carried || (row.alone ? lines_.contains(id) : is_open(id));
      if (!row.alone)
        blobs_.erase({id, row.what.position});
      return !row.alone;
    });
}

} // namespace carillon::persistence
