#pragma once

#include "messages/time.hpp"

#include "adapters/http/server/problem.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

enum class presence : std::uint8_t { optional, required };

/// Reads the members of one JSON object by name and kind, and gathers everything that is wrong with
/// it, each with its JSON pointer (RFC 6901). Lives as long as the object it reads. `done()` must
/// be called last: it reports the members nobody asked for.
class body_reader {
public:
  using errors_type = std::vector<field_error>;

  /// @param pointer where `value` lies in the whole body; empty for the root.
  body_reader(const nlohmann::json& value, errors_type& errors, std::string pointer = {});

  /// @returns the text, not empty and of at most `max_size` bytes; nothing if absent or wrong.
  std::optional<std::string> text(std::string_view name, presence needed = presence::optional,
                                  std::size_t max_size = 1024);
  /// Like `text`, but an empty one is fine.
  std::optional<std::string> any_text(std::string_view name, presence needed = presence::optional,
                                      std::size_t max_size = 64 * 1024);
  std::optional<bool> boolean(std::string_view name, presence needed = presence::optional);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most,
                                      presence needed = presence::optional);
  /// @returns the text, which is one of `values`.
  std::optional<std::string> choice(std::string_view name, std::span<const std::string_view> values,
                                    presence needed = presence::optional);
  /// @returns an RFC 3339 time.
  std::optional<timestamp> time(std::string_view name, presence needed = presence::optional);
  /// @returns a duration such as `30s`, `15min`, `24h`.
  std::optional<duration> period(std::string_view name, presence needed = presence::optional);
  /// @returns a text that `check` accepts; else its message is the error.
  std::optional<std::string> checked(
      std::string_view name,
      const std::function<std::optional<std::string>(const std::string&)>& check,
      presence needed = presence::optional);
  /// Reads a nested object.
  void object(std::string_view name, const std::function<void(body_reader&)>& read,
              presence needed = presence::optional);
  /// Reads a list of texts.
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t max_items = 1000,
                                                presence needed = presence::optional);
  /// Reads a list of texts, each one of `values`.
  void choices(std::string_view name, std::span<const std::string_view> values);
  /// Reads a list of objects.
  void objects(std::string_view name, const std::function<void(body_reader&)>& read,
               presence needed = presence::optional);
  /// Adds an error at a member of this object.
  void fail(std::string_view name, std::string message);

  /// Reports unknown members.
  void done();

  /// @returns the JSON pointer of a member.
  std::string pointer_to(std::string_view name) const;

  const nlohmann::json& value() const {
    return value_;
  }

private:
  const nlohmann::json* member(std::string_view name, presence needed);

  const nlohmann::json& value_;
  errors_type& errors_;
  std::string pointer_;
  std::vector<std::string_view> known_;
};

/// Escapes one part of a JSON pointer.
std::string pointer_part(std::string_view name);

} // namespace carillon::http
