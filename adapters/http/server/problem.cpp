#include "adapters/http/server/problem.hpp"

#include <nlohmann/json.hpp>

namespace carillon::http {

std::string_view reason_phrase(unsigned status) {
  switch (status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 202:
    return "Accepted";
  case 204:
    return "No Content";
  case 304:
    return "Not Modified";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 406:
    return "Not Acceptable";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 410:
    return "Gone";
  case 411:
    return "Length Required";
  case 412:
    return "Precondition Failed";
  case 413:
    return "Content Too Large";
  case 414:
    return "URI Too Long";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 422:
    return "Unprocessable Content";
  case 426:
    return "Upgrade Required";
  case 428:
    return "Precondition Required";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 503:
    return "Service Unavailable";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return "Unknown";
  }
}

nlohmann::json to_json(const problem& what, std::string_view instance) {
  nlohmann::json result = {{"type", std::string{"urn:carillon:problem:"}.append(what.slug)},
                           {"title", reason_phrase(what.status)},
                           {"status", what.status},
                           {"detail", what.detail}};
  if (!instance.empty())
    result["instance"] = instance;
  if (!what.errors.empty()) {
    auto& errors = result["errors"] = nlohmann::json::array();
    for (const auto& error : what.errors)
      errors.push_back({{"pointer", error.pointer}, {"message", error.message}});
  }
  return result;
}

std::string to_text(const problem& what, std::string_view instance) {
  // A client chooses paths and field names; bytes that are not UTF-8 are replaced, never thrown on.
  return to_json(what, instance).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

problem bad_request(std::string detail) {
  return {400, "bad-request", std::move(detail), {}, 0};
}

problem not_json(std::string detail) {
  return {400, "not-json", std::move(detail), {}, 0};
}

problem unauthorized(std::string detail) {
  return {401, "unauthorized", std::move(detail), {}, 0};
}

problem forbidden(std::string detail) {
  return {403, "forbidden", std::move(detail), {}, 0};
}

problem not_found(std::string detail) {
  return {404, "not-found", std::move(detail), {}, 0};
}

problem conflict(std::string detail) {
  return {409, "conflict", std::move(detail), {}, 0};
}

problem precondition_failed(std::string detail) {
  return {412, "precondition-failed", std::move(detail), {}, 0};
}

problem invalid(std::vector<field_error> errors) {
  auto detail = errors.size() == 1 ? errors.front().pointer + ": " + errors.front().message
                                   : std::to_string(errors.size()) + " fields are not valid";
  return {422, "invalid", std::move(detail), std::move(errors), 0};
}

problem unavailable(std::string detail, unsigned retry_after_seconds) {
  return {503, "unavailable", std::move(detail), {}, retry_after_seconds};
}

problem too_many_requests(std::string detail, unsigned retry_after_seconds) {
  return {429, "too-many-requests", std::move(detail), {}, retry_after_seconds};
}

} // namespace carillon::http
