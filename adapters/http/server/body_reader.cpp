#include "adapters/http/server/body_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon::http {

namespace {

using nlohmann::json;

std::string list_of(std::span<const std::string_view> values) {
  std::string result = "must be one of ";
  for (std::size_t i = 0; i < values.size(); ++i)
    result.append(i == 0 ? "" : ", ").append(values[i]);
  return result;
}

bool contains(std::span<const std::string_view> values, const std::string& text) {
  return std::find(values.begin(), values.end(), text) != values.end();
}

} // namespace

std::string pointer_part(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c == '~')
      result.append("~0");
    else if (c == '/')
      result.append("~1");
    else
      result.push_back(c);
  }
  return result;
}

body_reader::body_reader(const json& value, errors_type& errors, std::string pointer)
    : value_(value), errors_(errors), pointer_(std::move(pointer)) {
  if (!value_.is_object())
    errors_.push_back({pointer_, "must be an object"});
}

std::string body_reader::pointer_to(std::string_view name) const {
  return pointer_ + "/" + pointer_part(name);
}

void body_reader::fail(std::string_view name, std::string message) {
  errors_.push_back({pointer_to(name), std::move(message)});
}

const json* body_reader::member(std::string_view name, presence needed) {
  known_.push_back(name);
  if (!value_.is_object())
    return nullptr;
  const auto found = value_.find(name);
  if (found != value_.end() && !(found->is_null() && needed == presence::optional))
    return &*found;
  if (needed == presence::required)
    fail(name, "is required");
  return nullptr;
}

std::optional<std::string> body_reader::any_text(std::string_view name, presence needed,
                                                 std::size_t max_size) {
  const auto* found = member(name, needed);
  if (!found)
    return std::nullopt;
  if (!found->is_string()) {
    fail(name, "must be a string");
    return std::nullopt;
  }
  if (found->get_ref<const std::string&>().size() > max_size) {
    fail(name, "must not be longer than " + std::to_string(max_size) + " bytes");
    return std::nullopt;
  }
  return found->get<std::string>();
}

std::optional<std::string> body_reader::text(std::string_view name, presence needed,
                                             std::size_t max_size) {
  auto result = any_text(name, needed, max_size);
  if (result && result->empty()) {
    fail(name, "must not be empty");
    result.reset();
  }
  return result;
}

std::optional<bool> body_reader::boolean(std::string_view name, presence needed) {
  const auto* found = member(name, needed);
  if (!found)
    return std::nullopt;
  if (found->is_boolean())
    return found->get<bool>();
  fail(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> body_reader::integer(std::string_view name, std::int64_t least,
                                                 std::int64_t most, presence needed) {
  const auto* found = member(name, needed);
  if (!found)
    return std::nullopt;
  const bool fits = found->is_number_unsigned()
                        ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                        : found->is_number_integer();
  if (fits && found->get<std::int64_t>() >= least && found->get<std::int64_t>() <= most)
    return found->get<std::int64_t>();
  fail(name,
       "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<std::string> body_reader::choice(std::string_view name,
                                               std::span<const std::string_view> values,
                                               presence needed) {
  auto result = any_text(name, needed);
  if (result && !contains(values, *result)) {
    fail(name, list_of(values));
    result.reset();
  }
  return result;
}

std::optional<timestamp> body_reader::time(std::string_view name, presence needed) {
  const auto found = any_text(name, needed);
  if (!found)
    return std::nullopt;
  auto result = parse_rfc3339(*found);
  if (!result)
    fail(name, "must be a time such as 2026-11-23T09:00:00Z");
  return result;
}

std::optional<duration> body_reader::period(std::string_view name, presence needed) {
  const auto found = any_text(name, needed);
  if (!found)
    return std::nullopt;
  auto result = parse_duration(*found);
  if (!result)
    fail(name, "must be a duration such as 30s, 15min or 24h");
  return result;
}

std::optional<std::string> body_reader::checked(
    std::string_view name,
    const std::function<std::optional<std::string>(const std::string&)>& check, presence needed) {
  auto result = text(name, needed);
  if (!result)
    return result;
  if (auto wrong = check(*result)) {
    fail(name, std::move(*wrong));
    result.reset();
  }
  return result;
}

void body_reader::object(std::string_view name, const std::function<void(body_reader&)>& read,
                         presence needed) {
  const auto* found = member(name, needed);
  if (!found)
    return;
  body_reader nested{*found, errors_, pointer_to(name)};
  if (!found->is_object())
    return;
  read(nested);
  nested.done();
}

std::optional<std::vector<std::string>> body_reader::texts(std::string_view name,
                                                           std::size_t max_items, presence needed) {
  const auto* found = member(name, needed);
  if (!found)
    return std::nullopt;
  if (!found->is_array() || found->size() > max_items) {
    fail(name, "must be a list of at most " + std::to_string(max_items) + " strings");
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (std::size_t i = 0; i < found->size(); ++i) {
    if ((*found)[i].is_string() && !(*found)[i].get_ref<const std::string&>().empty())
      result.push_back((*found)[i].get<std::string>());
    else
      errors_.push_back(
          {pointer_to(name) + "/" + std::to_string(i), "must be a string that is not empty"});
  }
  return result;
}

void body_reader::choices(std::string_view name, std::span<const std::string_view> values) {
  const auto found = texts(name);
  if (!found)
    return;
  for (std::size_t i = 0; i < found->size(); ++i)
    if (!contains(values, (*found)[i]))
      errors_.push_back({pointer_to(name) + "/" + std::to_string(i), list_of(values)});
}

void body_reader::objects(std::string_view name, const std::function<void(body_reader&)>& read,
                          presence needed) {
  const auto* found = member(name, needed);
  if (!found)
    return;
  if (!found->is_array())
    return fail(name, "must be a list of objects");
  for (std::size_t i = 0; i < found->size(); ++i) {
    body_reader nested{(*found)[i], errors_, pointer_to(name) + "/" + std::to_string(i)};
    if (!(*found)[i].is_object())
      continue;
    read(nested);
    nested.done();
  }
}

void body_reader::done() {
  if (!value_.is_object())
    return;
  for (auto entry = value_.begin(); entry != value_.end(); ++entry)
    if (std::find(known_.begin(), known_.end(), entry.key()) == known_.end())
      fail(entry.key(), "is not a known field");
}

} // namespace carillon::http
