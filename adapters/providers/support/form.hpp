#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::providers {

/// Decoded fields of a form, in the order they were sent.
using form_fields = std::vector<std::pair<std::string, std::string>>;

/// Appends `name=value` to a form body, with `&` before it unless it is the first. Everything but
/// ALPHA, DIGIT, `*`, `-`, `.` and `_` is percent-encoded and a space becomes `+`
/// (application/x-www-form-urlencoded as in the WHATWG URL standard, 5.2).
void append_field(std::string& body, std::string_view name, std::string_view value);

/// Percent-encodes for use in one path segment or a query value (RFC 3986: only unreserved stays).
std::string percent_encode(std::string_view text);

/// Reads a form body. A `%` that starts no escape is kept as it is, as browsers and Twilio do.
form_fields parse_form(std::string_view body);

/// The first field of that name, or empty.
std::string_view field_of(const form_fields& fields, std::string_view name) noexcept;

} // namespace carillon::providers
