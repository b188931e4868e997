#include "actors/inbox/inbox_content.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unicode/unistr.h>

namespace carillon {

namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string quoted(std::string_view text) {
  return text_of(json(text));
}

void ensure(json& content, const char* member, json fallback) {
  auto i = content.find(member);
  if (i == content.end() || i->type() != fallback.type())
    content[member] = std::move(fallback);
}

std::string time_or_null(timestamp t) {
  return t == no_time ? "null" : '"' + to_rfc3339(t) + '"';
}

/// The members of a notification, without the braces.
std::string members(const inbox_item& item, std::string_view type, const json& content) {
  return fmt::format(R"("id":"{}","type":{},"priority":"{}","title":{},"body":{},"actions":{},)"
                     R"("data":{},"created_at":{},"expires_at":{})",
                     to_string(item.id), quoted(type), to_string(item.at),
                     text_of(content["title"]), text_of(content["body"]),
                     text_of(content["actions"]), text_of(content["data"]),
                     time_or_null(item.created_at), time_or_null(item.expires_at));
}

std::string_view context_of(const notification_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

} // namespace

std::optional<json> read_content(sealer& seal, std::string_view wrapped_key,
                                 const inbox_item& item) {
  auto plain = seal.unseal(wrapped_key, item.sealed, context_of(item.id));
  if (!plain)
    return std::nullopt;
  auto content = json::parse(*plain, nullptr, false);
  if (!content.is_object())
    return std::nullopt;
  ensure(content, "title", "");
  ensure(content, "body", "");
  ensure(content, "actions", json::array());
  ensure(content, "data", json::object());
  return content;
}

bool offers_action(const json& content, std::string_view action) {
  for (const auto& offered : content["actions"]) {
    if (offered.is_string() && offered.get_ref<const std::string&>() == action)
      return true;
    if (!offered.is_object())
      continue;
    auto id = offered.find("id");
    if (id != offered.end() && id->is_string() && id->get_ref<const std::string&>() == action)
      return true;
  }
  return false;
}

std::string fold_case(std::string_view text) {
  std::string folded;
  icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())})
      .foldCase()
      .toUTF8String(folded);
  return folded;
}

bool matches_query(const json& content, std::string_view folded_query) {
  auto text
      = fold_case(content["title"].get<std::string>() + '\n' + content["body"].get<std::string>());
  while (!folded_query.empty()) {
    auto end = folded_query.find(' ');
    if (text.find(folded_query.substr(0, end)) == std::string::npos)
      return false;
    folded_query = end == std::string_view::npos ? "" : folded_query.substr(end + 1);
  }
  return true;
}

std::string word_notification(const inbox_item& item, std::string_view type, const json& content) {
  return fmt::format(R"({{"op":"notification","offset":{},"notification":{{{}}}}})", item.offset,
                     members(item, type, content));
}

std::string word_update(const inbox_update& update) {
  return fmt::format(R"({{"op":"update","offset":{},"id":{},"state":"{}","unread":{}}})",
                     update.offset, update.id.is_nil() ? "null" : '"' + to_string(update.id) + '"',
                     to_string(update.state), update.unread);
}

std::string word_item(const inbox_item& item, std::string_view type, std::string_view action,
                      const json& content) {
  return fmt::format(R"({{"offset":{},"state":"{}","action":{},{}}})", item.offset,
                     to_string(item.state), action.empty() ? "null" : quoted(action),
                     members(item, type, content));
}

} // namespace carillon
