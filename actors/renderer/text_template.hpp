#pragma once

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Where a text's names come from.
class text_scope {
public:
  virtual ~text_scope() = default;
  /// The value of `a.b.c`, or null; `scratch` may hold it.
  virtual const nlohmann::json* find(std::string_view path, nlohmann::json& scratch) const = 0;
};

enum class escaping { none, html };

/// A Mustache text, parsed once and rendered from any thread. Absent names are empty; there are no
/// partials and no lambdas.
class text_template {
public:
  /// Parses; on failure nothing, and `problem` says why.
  static std::optional<text_template> compile(const std::string& text, escaping how,
                                              std::string& problem);

  /// Appends the text; false if it would be longer than 256 KiB.
  bool render(const text_scope& scope, std::string& out) const;

private:
  struct parsed;
  std::string plain_; ///< the whole text where it has no tags
  std::shared_ptr<parsed> parsed_;
};

/// A scalar as text: strings as they are, numbers as JSON writes them, true and false; empty for
/// anything else.
std::string scalar_text(const nlohmann::json& value);

} // namespace carillon
