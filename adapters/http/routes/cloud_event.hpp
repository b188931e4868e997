#pragma once

#include "messages/commands.hpp"

#include "adapters/http/server/problem.hpp"
#include "adapters/http/server/request.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace carillon::http {

/// How a CloudEvent is put into an HTTP request (CloudEvents 1.0, HTTP protocol binding 3).
enum class event_mode : std::uint8_t { structured, batched, binary };

/// @returns the mode: structured and batched by their content types, binary where there are `ce-`
/// headers, and structured for everything else (JSON with whatever content type a client sends).
event_mode event_mode_of(const request& what);

/// An event, or what is wrong with it.
struct event_result {
  event_ptr value; ///< Null if there are errors.
  std::vector<field_error> errors;
};

/// Reads one event in JSON format (CloudEvents JSON format 1.0). Takes `data` out of `body`.
/// @param trace the request's trace context, used unless the event has its own.
event_result read_structured(nlohmann::json& body, std::string_view trace);

/// Reads an event whose attributes are `ce-` headers and whose data is the body.
/// @param data what the body was read as; an object, or null if the request had no body.
event_result read_binary(const request& what, std::shared_ptr<nlohmann::json> data);

} // namespace carillon::http
