#pragma once

#include "messages/engine.hpp"
#include "messages/time.hpp"

#include "adapters/providers/support/http_types.hpp"

#include <span>
#include <string_view>

namespace carillon::providers::twilio {

/// One line of the table of Twilio's codes.
struct error_entry {
  int code;
  error_class error;
  std::string_view meaning;
};

/// All codes that are known, ascending. The source of each is
/// https://www.twilio.com/docs/api/errors/<code>; docs/providers/twilio.md shows the same table.
std::span<const error_entry> error_table() noexcept;

/// The class of a Twilio code, `unknown` if it is not in the table.
error_class class_of(int code) noexcept;

/// Reads an answer of the Messages resource: what it means for the message, Twilio's code (else
/// `http_<status>` or the transport's failure), and how long Twilio wants to be left alone. An
/// accepted message has no id if the body of the answer was lost.
call_outcome classify(const http_response& response, timestamp now);

} // namespace carillon::providers::twilio
