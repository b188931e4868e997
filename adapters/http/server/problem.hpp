#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/// One thing wrong with a request: where (RFC 6901 JSON pointer, or a header's name) and what.
struct field_error {
  std::string pointer;
  std::string message;
};

/// A refusal as RFC 9457 describes it. `slug` ends the `type` URN and is stable; `detail` is for
/// people.
struct problem {
  unsigned status = 500;
  std::string_view slug = "internal"; ///< Static storage.
  std::string detail;
  std::vector<field_error> errors;
  unsigned retry_after = 0; ///< Seconds; 0 sends no `Retry-After`.
};

/// @returns the reason phrase of a status (RFC 9110), which is also the `title` of its problems.
std::string_view reason_phrase(unsigned status);

/// @returns the members `type title status detail instance [errors]`.
nlohmann::json to_json(const problem& what, std::string_view instance);

/// @returns the same as compact JSON text.
std::string to_text(const problem& what, std::string_view instance);

// -- the refusals that occur everywhere
// ------------------------------------------------------------------------

problem bad_request(std::string detail);
problem not_json(std::string detail);
problem unauthorized(std::string detail);
problem forbidden(std::string detail);
problem not_found(std::string detail);
problem conflict(std::string detail);
problem precondition_failed(std::string detail);
problem invalid(std::vector<field_error> errors);
problem unavailable(std::string detail, unsigned retry_after_seconds = 1);
problem too_many_requests(std::string detail, unsigned retry_after_seconds = 1);

} // namespace carillon::http
