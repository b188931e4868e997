#pragma once

#include "adapters/http/server/problem.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::http {

/// An answer as a handler gives it. The session adds the headers every answer has (see docs/api.md)
/// and words a problem with the request's own path as `instance`.
struct response {
  unsigned status = 200;
  std::string body;
  std::string_view content_type = "application/json";            ///< Static storage.
  std::vector<std::pair<std::string_view, std::string>> headers; ///< Names in static storage.
  std::optional<problem> refusal; ///< When set, it decides status and body.

  response() = default;
  response(unsigned code, std::string text) : status(code), body(std::move(text)) {
    // nop
  }
  response(problem what)
      : status(what.status), refusal(std::move(what)) { // NOLINT: a problem is an answer
    // nop
  }

  /// Adds a header; the value must not hold line ends (they are dropped when sent).
  response& with(std::string_view name, std::string value) & {
    headers.emplace_back(name, std::move(value));
    return *this;
  }
  response&& with(std::string_view name, std::string value) && {
    headers.emplace_back(name, std::move(value));
    return std::move(*this);
  }
};

/// @returns an answer with a JSON body.
response json_response(unsigned status, const nlohmann::json& body);

/// @returns an answer with a body of some other type (static storage).
response text_response(unsigned status, std::string body, std::string_view content_type);

/// @returns a 204.
response no_content();

} // namespace carillon::http
