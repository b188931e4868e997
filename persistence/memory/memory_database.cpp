#include "persistence/memory/memory_database.hpp"

#include <algorithm>

namespace carillon::persistence {

namespace {

// What PostgreSQL's text cannot hold, this backend does not take either.
bool is_text(const std::string& value) {
  return value.find('\0') == std::string::npos;
}

void fill_new(listed_notification& shown, const notification_view& view) {
  shown.id = view.id;
  shown.event_id = view.event_id;
  shown.recipient = view.recipient.str();
  shown.type = view.type;
  shown.in = view.in;
  shown.at = view.at;
  shown.created_at = view.created_at;
  shown.send_at = view.send_at;
  shown.expires_at = view.expires_at;
}

} // namespace

memory_database::memory_database(std::uint32_t lanes) : lanes_(lanes) {
  next_sequence_.fill(1);
  segments_.emplace_back().info.number = 1;
}

// -- journal -----------------------------------------------------------------

std::optional<appended> memory_database::write(std::uint32_t lane, append& what) {
  std::lock_guard guard{mutex_};
  auto& next = next_sequence_[what.partition.value];
  if (what.rows.empty() || what.rows.front().sequence != next)
    return std::nullopt;
  for (const auto& row : what.rows)
    if (!is_text(row.body) || !is_text(row.tenant.str()))
      return std::nullopt;
  for (auto& row : what.rows) {
    row.position = lanes_[lane].next_position++;
    lanes_[lane].rows.push_back({row});
  }
  next = what.rows.back().sequence + 1;
  for (const auto& key : what.keys) {
    auto name = std::tuple{key.partition.value, key.tenant.str(), key.recipient.str()};
    if (key.wrapped.empty())
      keys_.erase(name);
    else
      keys_[name] = key;
  }
  for (const auto& item : what.blobs)
    blobs_[{what.rows[item.row].notification, what.rows[item.row].position}] = item.sealed;
  return appended{what.rows.back().sequence, what.rows.back().position};
}

std::vector<journal_row> memory_database::rows(std::uint32_t lane, partition_id partition) const {
  std::lock_guard guard{mutex_};
  std::vector<journal_row> result;
  for (const auto& row : lanes_[lane].rows)
    if (row.what.partition == partition)
      result.push_back(row.what);
  return result;
}

memory_replay memory_database::replay(std::uint32_t lane, partition_id partition) const {
  std::lock_guard guard{mutex_};
  memory_replay result;
  std::map<person_key, known_person> people;
  for (const auto& [name, key] : keys_)
    people[name].who = {key.tenant, key.recipient};
  for (const auto& [name, kept] : snapshots_)
    people[name] = {kept.who, kept.roles};
  for (auto& [name, known] : people)
    if (std::get<0>(name) == partition.value)
      result.people.push_back(std::move(known));
  for (const auto* these : {&dropped_, &segments_})
    for (const auto& item : *these)
      if (auto at = item.events.find(partition.value); at != item.events.end())
        result.events.insert(result.events.end(), at->second.begin(), at->second.end());
  for (const auto& row : lanes_[lane].rows)
    if (row.what.partition == partition && row.what.position > lanes_[lane].settled)
      result.rows.push_back(row.what);
    else if (row.what.partition == partition && row.carried)
      result.carried.push_back(row.what);
  result.end = {next_sequence_[partition.value], lanes_[lane].projected};
  return result;
}

std::vector<journal_row> memory_database::facts_of(const tenant_id& tenant,
                                                   const notification_id& id) const {
  std::lock_guard guard{mutex_};
  std::vector<journal_row> result;
  for (const auto& lane : lanes_)
    for (const auto& row : lane.rows)
      if (row.what.notification == id && (tenant.empty() || row.what.tenant == tenant)) {
        result.push_back(row.what);
        if (auto beside = blobs_.find({id, row.what.position}); beside != blobs_.end())
          result.back().sealed = beside->second;
      }
  return result;
}

// -- read models -------------------------------------------------------------

void memory_database::project(const committed_batch& batch) {
  std::lock_guard guard{mutex_};
  for (const auto& change : batch.projections) {
    if (!change.created && !lines_.contains(change.id))
      continue;
    auto& target = lines_[change.id];
    if (change.created) {
      target.view = *change.created;
      fill_new(target.shown, target.view);
    }
    target.shown.now = change.now;
    target.shown.why = change.why;
    if (change.has_channel)
      target.shown.on = change.on;
    target.shown.updated_at = change.updated_at;
    target.open = change.open;
  }
  lanes_[batch.lane].projected = std::max(lanes_[batch.lane].projected, batch.last_position);
}

std::vector<listed_notification> memory_database::list(const list_filter& filter,
                                                       bool dead_letters) const {
  std::lock_guard guard{mutex_};
  std::vector<listed_notification> result;
  for (auto at = lines_.rbegin(); at != lines_.rend() && result.size() <= filter.limit; ++at) {
    const auto& shown = at->second.shown;
    bool dead = shown.now == status::dead_lettered && shown.why != reason::discarded;
    if (at->second.view.tenant == filter.tenant && (dead || !dead_letters)
        && matches(filter, shown))
      result.push_back(shown);
  }
  return result;
}

std::vector<notification_id> memory_database::find(const find_event& query) const {
  std::lock_guard guard{mutex_};
  std::vector<notification_id> result;
  for (const auto& [id, known] : lines_)
    if (known.view.dedupe == query.dedupe && known.view.tenant == query.tenant
        && partition_of(id) == query.partition)
      result.push_back(id);
  return result;
}

// -- catalogue ---------------------------------------------------------------

std::uint64_t memory_database::save(const save_catalogue& what) {
  std::lock_guard guard{mutex_};
  auto version = ++versions_[what.tenant.str()];
  for (auto row : what.rows) {
    row.tenant = what.tenant;
    row.catalogue_version = version;
    catalogue_.push_back(std::move(row));
  }
  for (const auto& [file, hash] : what.imported)
    imported_[{what.tenant.str(), file}] = hash;
  return version;
}

catalogue_rows memory_database::catalogue() const {
  std::lock_guard guard{mutex_};
  catalogue_rows result;
  result.rows = catalogue_;
  for (const auto& [key, hash] : imported_)
    result.imported.emplace_back(key.second, hash);
  return result;
}

} // namespace carillon::persistence
