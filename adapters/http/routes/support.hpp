#pragma once

#include "messages/commands.hpp"

#include "adapters/http/routes/api_context.hpp"
#include "adapters/http/server/query.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace carillon::http {

/// @returns the answer of the domain as HTTP: status by kind, `ETag` by version, problems with
/// their pointers.
response to_response(answer&& what);

/// @returns why something could not be done, as 503 with `Retry-After` where repeating helps.
problem to_problem(const caf::error& why);

/// Turns the reply to an ask into the answer of the request.
std::function<void(caf::expected<answer>)> answer_with(responder to);

/// Reads the body as JSON, whatever its content type says (`curl -d` says it is a form). On failure
/// it answers 400 itself and gives null.
json_ptr read_body(const request& what, const responder& to);

/// Reads the body as a JSON object; an empty body is an empty object if that is `allowed`.
json_ptr read_object(const request& what, const responder& to, bool empty_allowed = false);

/// The version in `If-Match`: 0 without one. On a tag that cannot be ours it answers 412 and gives
/// nothing.
std::optional<std::uint64_t> if_match(const request& what, const responder& to);

/// The notification id in a path; answers 404 if it is none.
std::optional<notification_id> notification_in_path(const request& what, const responder& to);

/// A name or id in a path (1 to 256 bytes of UTF-8 without control characters); answers 404 if it
/// is none.
std::optional<std::string> name_in_path(const request& what, const responder& to,
                                        std::size_t index = 0);

/// The parameters of a list's query.
class list_query {
public:
  explicit list_query(const request& what) : values_(what.query) {
    // nop
  }

  std::string text(std::string_view name);
  timestamp time(std::string_view name);
  bool flag(std::string_view name);
  /// A name of an enum, or empty.
  template <named_enum E>
  std::string name_of(std::string_view name) {
    auto result = text(name);
    if (!result.empty() && !parse_enum<E>(result))
      fail(name, "is not a known value");
    return result;
  }
  /// 1 to 200, 50 if absent.
  std::uint32_t limit();
  void fail(std::string_view name, std::string message);

  /// Answers 422 if anything was wrong or unknown. @returns whether the handler may go on.
  bool sound(const responder& to);

private:
  query_values values_;
  std::vector<std::string> known_;
  std::vector<field_error> errors_;
};

/// Appends a JSON string with its quotes.
void append_json(std::string& out, std::string_view text);

/// @returns the tenant of the caller.
tenant_id tenant_of(const request& what);

/// Wraps a handler of a POST: with `Idempotency-Key` it runs once, and its answer is kept and
/// repeated.
handler keep_answers(api_context_ptr api, handler inner);

} // namespace carillon::http
