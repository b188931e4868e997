#pragma once

#include "messages/profile.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Reads one JSON object of a client member by member and collects what is wrong with it, each with
/// its RFC 6901 pointer. An absent member and a null are the same. Lives as long as the body and
/// the list it was given.
class object_reader {
public:
  object_reader(const nlohmann::json& body, std::string pointer, problem_items& problems);

  /// Whether the body is an object at all; a problem was noted if not.
  [[nodiscard]] bool ok() const noexcept {
    return object_ != nullptr;
  }

  /// The member, or null; the name counts as known from now on.
  const nlohmann::json* find(std::string_view name);

  /// A string of at most `max` bytes of valid text, without control characters except line breaks
  /// and tabs; empty if absent or wrong.
  std::string text(std::string_view name, std::size_t max = 1024);
  /// As `text`; absent or empty is a problem.
  std::string required_text(std::string_view name, std::size_t max = 1024);
  std::optional<bool> boolean(std::string_view name);
  /// A whole number from `low` to `high`.
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  /// `30s`, `24h` and the like.
  std::optional<duration> span(std::string_view name);
  /// RFC 3339.
  std::optional<timestamp> time(std::string_view name);
  /// Strings of 1 to `max` bytes, at most `count` of them.
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t max = 256,
                                                std::size_t count = 256);
  /// The member if it is an object, else null and a problem.
  const nlohmann::json* object(std::string_view name);
  /// The member if it is an array, else null and a problem.
  const nlohmann::json* array(std::string_view name);

  template <named_enum E>
  std::optional<E> choice(std::string_view name) {
    auto word = text(name, 64);
    if (word.empty())
      return std::nullopt;
    auto value = parse_enum<E>(word);
    if (!value)
      problem(name, one_of({enum_names<E>::values.begin(), enum_names<E>::values.end()}));
    return value;
  }

  /// Channels or other enums by name.
  template <named_enum E>
  std::optional<std::vector<E>> choices(std::string_view name) {
    auto words = texts(name, 64);
    if (!words)
      return std::nullopt;
    std::vector<E> out;
    for (std::size_t i = 0; i < words->size(); ++i) {
      if (auto value = parse_enum<E>((*words)[i]))
        out.push_back(*value);
      else
        problem_at(pointer_to(name) + "/" + std::to_string(i),
                   one_of({enum_names<E>::values.begin(), enum_names<E>::values.end()}));
    }
    return out;
  }

  void problem(std::string_view name, std::string message);
  void problem_at(std::string pointer, std::string message);
  [[nodiscard]] std::string pointer_to(std::string_view name) const;
  [[nodiscard]] problem_items& problems() noexcept {
    return *problems_;
  }

  /// Every member that was not asked for is a problem.
  void refuse_others();

private:
  static std::string one_of(const std::vector<std::string_view>& names);
  std::string checked_text(std::string_view name, const nlohmann::json& value, std::size_t max);

  const nlohmann::json* object_ = nullptr;
  std::string pointer_;
  problem_items* problems_;
  std::set<std::string, std::less<>> known_;
};

/// A member's name as part of a JSON pointer (RFC 6901 section 3).
std::string escape_pointer(std::string_view name);

/// Whether the text is UTF-8 without control characters (line breaks and tabs are allowed where
/// `lines`).
bool is_clean_text(std::string_view text, bool lines) noexcept;

/// RFC 7396: what a PATCH makes of a body.
nlohmann::json merge_patch(nlohmann::json target, const nlohmann::json& patch);

} // namespace carillon
