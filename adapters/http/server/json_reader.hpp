#pragma once

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace carillon::http {

/// What came of reading a JSON text: a value, or why there is none.
struct json_result {
  std::shared_ptr<nlohmann::json> value; ///< Null if the text was refused.
  std::string error; ///< One sentence, with the byte where reading stopped if known.
};

/// Reads one JSON text strictly (RFC 8259, UTF-8): no comments, nothing after the value, no name
/// twice in an object, at most `max_depth` levels. Goes over the text once.
json_result read_json(std::string_view text, std::size_t max_depth = 32);

} // namespace carillon::http
