#pragma once

#include "adapters/http/server/router.hpp"

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string_view>

namespace carillon::http {

/// One operation of the API as the document describes it. All texts in static storage.
struct operation {
  verb method;
  std::string_view path;
  std::string_view tag;
  std::string_view summary;
  access who;
  std::string_view
      parameters; ///< Names of the query, separated by spaces; see `openapi_schemas()`.
  std::string_view
      request; ///< Schema of the body; empty: none. A leading `?`: the body may be absent.
  std::string_view answers; ///< `200:Notification 404 409`: status and schema, separated by spaces.
};

std::span<const operation> operations();

/// @returns the schemas and parameters that the operations name, as the `components` of the
/// document.
nlohmann::json openapi_components();

/// @returns the OpenAPI 3.1 document of everything this server serves.
nlohmann::json openapi();

} // namespace carillon::http
