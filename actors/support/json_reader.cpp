#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

/// Length of the UTF-8 sequence that starts with this byte; 0 if none does.
std::size_t sequence_length(unsigned char first) noexcept {
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return 2;
  if (first >= 0xe0 && first <= 0xef)
    return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

std::string type_problem(const char* wanted) {
  return std::string{"must be "} + wanted;
}

} // namespace

bool is_clean_text(std::string_view text, bool lines) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t'))))
      return false;
    auto n = sequence_length(c);
    if (n == 0 || i + n > text.size())
      return false;
    for (std::size_t k = 1; k < n; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80)
        return false;
    i += n;
  }
  return true;
}

std::string escape_pointer(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

json merge_patch(json target, const json& patch) {
  target.merge_patch(patch);
  return target;
}

object_reader::object_reader(const json& body, std::string pointer, problem_items& problems)
    : pointer_(std::move(pointer)), problems_(&problems) {
  if (body.is_object())
    object_ = &body;
  else
    problem_at(pointer_, type_problem("an object"));
}

const json* object_reader::find(std::string_view name) {
  known_.emplace(name);
  if (!object_)
    return nullptr;
  auto i = object_->find(std::string{name});
  return i == object_->end() || i->is_null() ? nullptr : &*i;
}

std::string object_reader::checked_text(std::string_view name, const json& value, std::size_t max) {
  if (!value.is_string()) {
    problem(name, type_problem("a string"));
    return {};
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > max) {
    problem(name, "must have at most " + std::to_string(max) + " bytes");
    return {};
  }
  if (!is_clean_text(text, true)) {
    problem(name, "must be text without control characters");
    return {};
  }
  return text;
}

std::string object_reader::text(std::string_view name, std::size_t max) {
  const auto* value = find(name);
  return value ? checked_text(name, *value, max) : std::string{};
}

std::string object_reader::required_text(std::string_view name, std::size_t max) {
  auto before = problems_->size();
  auto out = text(name, max);
  if (ok() && out.empty() && problems_->size() == before)
    problem(name, "is required");
  return out;
}

std::optional<bool> object_reader::boolean(std::string_view name) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  if (value->is_boolean())
    return value->get<bool>();
  problem(name, type_problem("true or false"));
  return std::nullopt;
}

std::optional<std::int64_t> object_reader::integer(std::string_view name, std::int64_t low,
                                                   std::int64_t high) {
  const auto* value = find(name);
  if (!value)
    return std::nullopt;
  auto too_big = value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX;
  if (value->is_number_integer() && !too_big) {
    auto n = value->get<std::int64_t>();
    if (n >= low && n <= high)
      return n;
  }
  problem(name,
          "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return std::nullopt;
}

std::optional<duration> object_reader::span(std::string_view name) {
  auto word = text(name, 64);
  if (word.empty())
    return std::nullopt;
  auto out = parse_duration(word);
  if (!out)
    problem(name, "must be a duration such as 30s, 15min, 24h or 7d");
  return out;
}

std::optional<timestamp> object_reader::time(std::string_view name) {
  auto word = text(name, 64);
  if (word.empty())
    return std::nullopt;
  auto out = parse_rfc3339(word);
  if (!out)
    problem(name, "must be an RFC 3339 time such as 2026-11-23T09:00:00Z");
  return out;
}

std::optional<std::vector<std::string>> object_reader::texts(std::string_view name, std::size_t max,
                                                             std::size_t count) {
  const auto* list = array(name);
  if (!list)
    return std::nullopt;
  if (list->size() > count) {
    problem(name, "must have at most " + std::to_string(count) + " items");
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto& item = (*list)[i];
    auto fits = item.is_string() && !item.get_ref<const std::string&>().empty()
                && item.get_ref<const std::string&>().size() <= max
                && is_clean_text(item.get_ref<const std::string&>(), false);
    if (fits)
      out.push_back(item.get<std::string>());
    else
      problem_at(pointer_to(name) + "/" + std::to_string(i),
                 "must be a string of 1 to " + std::to_string(max) + " bytes");
  }
  return out;
}

const json* object_reader::object(std::string_view name) {
  const auto* value = find(name);
  if (value && !value->is_object()) {
    problem(name, type_problem("an object"));
    return nullptr;
  }
  return value;
}

const json* object_reader::array(std::string_view name) {
  const auto* value = find(name);
  if (value && !value->is_array()) {
    problem(name, type_problem("a list"));
    return nullptr;
  }
  return value;
}

void object_reader::problem(std::string_view name, std::string message) {
  problem_at(pointer_to(name), std::move(message));
}

void object_reader::problem_at(std::string pointer, std::string message) {
  problems_->push_back({std::move(pointer), std::move(message)});
}

std::string object_reader::pointer_to(std::string_view name) const {
  return pointer_ + "/" + escape_pointer(name);
}

void object_reader::refuse_others() {
  if (!object_)
    return;
  for (const auto& [name, value] : object_->items())
    if (!known_.contains(name))
      problem(name, "unknown field");
}

std::string object_reader::one_of(const std::vector<std::string_view>& names) {
  std::string out = "must be one of";
  for (auto name : names)
    out.append(" ").append(name);
  return out;
}

} // namespace carillon
