#pragma once

#include <string_view>

namespace carillon::realtime {

/// The AsyncAPI 3.0 document of `GET /v1/stream` as JSON text: every frame of `carillon.v1` and of
/// the event stream. The tests check all frames they see against it.
std::string_view asyncapi_document();

} // namespace carillon::realtime
