#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::http {

/// @returns the text with `%XX` decoded; a malformed escape stays as it is.
std::string decode_segment(std::string_view text);

/// The decoded `name=value` pairs of a query, in order (`+` is a space, as browsers' forms send
/// it).
class query_values {
public:
  explicit query_values(std::string_view query);

  /// @returns the first value of that name; nothing if absent.
  std::optional<std::string_view> get(std::string_view name) const;

  /// @returns every pair, for checks of unknown names.
  const std::vector<std::pair<std::string, std::string>>& all() const {
    return pairs_;
  }

private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

} // namespace carillon::http
