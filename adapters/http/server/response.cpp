#include "adapters/http/server/response.hpp"

#include <nlohmann/json.hpp>

namespace carillon::http {

response json_response(unsigned status, const nlohmann::json& body) {
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

response text_response(unsigned status, std::string body, std::string_view content_type) {
  response result{status, std::move(body)};
  result.content_type = content_type;
  return result;
}

response no_content() {
  return {204, {}};
}

} // namespace carillon::http
