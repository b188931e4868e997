#include "adapters/http/routes/openapi.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace carillon::http {

namespace {

using nlohmann::json;

/// Calls `each` with the words of a text.
template <class F>
void words(std::string_view text, F each) {
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0)
      each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

json schema_ref(std::string_view name) {
  return {{"$ref", std::string{"#/components/schemas/"}.append(name)}};
}

std::string media_type_of(std::string_view schema) {
  if (schema == "Metrics")
    return "text/plain";
  return schema == "Stream" ? "text/event-stream" : "application/json";
}

json path_parameters(std::string_view path) {
  auto result = json::array();
  for (auto open = path.find('{'); open != std::string_view::npos;
       open = path.find('{', open + 1)) {
    const auto name = path.substr(open + 1, path.find('}', open) - open - 1);
    result.push_back(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  return result;
}

json request_body(std::string_view schema) {
  const auto optional = schema.starts_with('?');
  if (optional)
    schema.remove_prefix(1);
  auto content = json::object();
  if (schema == "Event") {
    content["application/cloudevents+json"]["schema"] = schema_ref("CloudEvent");
    content["application/cloudevents-batch+json"]["schema"]
        = {{"type", "array"}, {"maxItems", 1000}, {"items", schema_ref("CloudEvent")}};
    content["application/json"]["schema"] = {{"type", "object"}};
  } else if (schema == "Callback") {
    content["*/*"] = json::object();
  } else {
    content["application/json"]["schema"] = schema_ref(schema);
  }
  return {{"required", !optional}, {"content", std::move(content)}};
}

json answer_of(std::string_view status, std::string_view schema) {
  if (status == "101")
    return {{"description", "Switching Protocols"}};
  const auto code = static_cast<unsigned>(std::stoul(std::string{status}));
  json result = {{"description", reason_phrase(code)}};
  if (!schema.empty())
    result["content"][media_type_of(schema)]["schema"] = schema_ref(schema);
  else if (code >= 400)
    result["content"]["application/problem+json"]["schema"] = schema_ref("Problem");
  return result;
}

json answers_of(const operation& what) {
  auto result = json::object();
  const auto add = [&](std::string_view word) {
    const auto colon = word.find(':');
    const auto status = word.substr(0, colon);
    result[std::string{status}] = answer_of(
        status, colon == std::string_view::npos ? std::string_view{} : word.substr(colon + 1));
  };
  words(what.answers, add);
  if (what.who != access::open)
    words("401 403 429", add);
  if (what.method != verb::get)
    words("400 408 413", add);
  if (what.method == verb::post && what.who != access::open)
    words("409", add);
  words("503", add);
  return result;
}

json by(const char* scheme) {
  auto result = json::object();
  result[scheme] = json::array();
  return result;
}

json description_of(const operation& what) {
  json result = {{"summary", what.summary},
                 {"tags", json::array({what.tag})},
                 {"responses", answers_of(what)}};
  auto parameters = path_parameters(what.path);
  words(what.parameters, [&](std::string_view name) {
    parameters.push_back({{"$ref", std::string{"#/components/parameters/"}.append(name)}});
  });
  if (what.method == verb::post && what.who != access::open)
    parameters.push_back({{"name", "Idempotency-Key"},
                          {"in", "header"},
                          {"required", false},
                          {"schema", {{"type", "string"}, {"maxLength", 255}}}});
  if (what.method == verb::put)
    parameters.push_back({{"name", "If-Match"},
                          {"in", "header"},
                          {"required", false},
                          {"schema", {{"type", "string"}}}});
  if (!parameters.empty())
    result["parameters"] = std::move(parameters);
  if (!what.request.empty())
    result["requestBody"] = request_body(what.request);
  if (what.who == access::key)
    result["security"] = json::array({by("key")});
  else if (what.who == access::recipient)
    result["security"] = json::array({by("recipient"), by("key")});
  else
    result["security"] = json::array();
  return result;
}

} // namespace

json openapi() {
  json result
      = {{"openapi", "3.1.0"},
         {"info",
          {{"title", "Carillon"},
           {"version", "1"},
           {"description",
            "Events in, the right person told, once, on the right channel, at the right time. "
            "Errors are RFC 9457 problems."}}},
         {"paths", json::object()},
         {"components", openapi_components()}};
  for (const auto& what : operations()) {
    std::string method{to_string(what.method)};
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    result["paths"][std::string{what.path}][method] = description_of(what);
  }
  return result;
}

} // namespace carillon::http
