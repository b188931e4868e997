#include "persistence/support/listing.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon::persistence {

namespace {

using nlohmann::json;

constexpr std::uint32_t most_items = 200;

// The smallest id that can have been made at `t` (RFC 9562, section 5.7).
notification_id bound_at(timestamp t) {
  notification_id id;
  auto ms = std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  return id;
}

template <class E>
std::optional<E> value_of(const std::string& word, const char* name, problem_items& problems) {
  if (word.empty())
    return std::nullopt;
  auto value = parse_enum<E>(word);
  if (!value)
    problems.push_back({std::string{"/"} + name, "is not one of the known values"});
  return value;
}

template <class Query>
list_filter common_filter(const Query& query) {
  list_filter result;
  result.tenant = query.tenant;
  result.type = query.type;
  result.on = value_of<channel>(query.channel, "channel", result.problems);
  result.limit = std::clamp<std::uint32_t>(query.limit, 1, most_items);
  if (query.since > no_time)
    result.first = bound_at(query.since);
  result.last.bytes.fill(0xff);
  if (query.until > no_time)
    result.last = bound_at(query.until);
  if (query.cursor.empty())
    return result;
  if (auto cursor = parse_notification_id(query.cursor))
    result.last = std::min(result.last, *cursor);
  else
    result.problems.push_back({"/cursor", "is not a cursor of this list"});
  return result;
}

json time_or_null(timestamp t) {
  return t == no_time ? json{} : json(to_rfc3339(t));
}

json item_json(const listed_notification& item) {
  json result = json::object();
  result["id"] = to_string(item.id);
  result["event_id"] = item.event_id.empty() ? json{} : json(item.event_id);
  result["recipient_id"] = item.recipient;
  result["type"] = item.type;
  result["category"] = to_string(item.in);
  result["priority"] = to_string(item.at);
  result["status"] = to_string(item.now);
  result["channel"] = item.on ? json(to_string(*item.on)) : json{};
  result["reason"] = item.why == reason::none ? json{} : json(to_string(item.why));
  result["created_at"] = to_rfc3339(item.created_at);
  result["updated_at"] = to_rfc3339(item.updated_at);
  result["send_at"] = time_or_null(item.send_at);
  result["expires_at"] = time_or_null(item.expires_at);
  return result;
}

} // namespace

list_filter filter_of(const list_notifications& query) {
  auto result = common_filter(query);
  result.recipient = query.recipient;
  result.now = value_of<status>(query.status, "status", result.problems);
  return result;
}

list_filter filter_of(const list_dead_letters& query) {
  auto result = common_filter(query);
  result.why = value_of<reason>(query.reason, "reason", result.problems);
  return result;
}

bool matches(const list_filter& filter, const listed_notification& item) {
  return (filter.recipient.empty() || filter.recipient == item.recipient)
         && (filter.type.empty() || filter.type == item.type)
         && (!filter.now || filter.now == item.now) && (!filter.on || filter.on == item.on)
         && (!filter.why || filter.why == item.why) && item.id >= filter.first
         && item.id < filter.last;
}

answer list_answer(const list_filter& filter, std::vector<listed_notification> items,
                   timestamp as_of) {
  bool more = items.size() > filter.limit;
  if (more)
    items.resize(filter.limit);
  json body = json::object();
  body["items"] = json::array();
  for (const auto& item : items)
    body["items"].push_back(item_json(item));
  body["next_cursor"] = more ? json(to_string(items.back().id)) : json{};
  body["as_of"] = to_rfc3339(as_of);
  answer result;
  result.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return result;
}

answer invalid_query(const list_filter& filter) {
  answer result;
  result.what = answer::kind::invalid;
  result.problems = filter.problems;
  result.detail = "The query has values that mean nothing.";
  return result;
}

} // namespace carillon::persistence
