#include "adapters/http/routes/openapi.hpp"

#include "adapters/http/api.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

using namespace carillon;
using namespace carillon::http;
using nlohmann::json;

namespace {

std::string name_of(verb method, std::string_view path) {
  return std::string{to_string(method)}.append(" ").append(path);
}

/// Every `$ref` in the document.
void collect_references(const json& value, std::set<std::string>& found) {
  if (value.is_object() && value.contains("$ref"))
    found.insert(value["$ref"].get<std::string>());
  if (value.is_structured())
    for (const auto& each : value)
      collect_references(each, found);
}

} // namespace

TEST_CASE("the OpenAPI document and the router say the same", "[http][openapi]") {
  const auto routes = make_api({});
  std::set<std::string> served;
  std::set<std::string> described;
  for (const auto& entry : routes.entries())
    served.insert(name_of(entry.data.method, entry.data.pattern) + " "
                  + std::to_string(static_cast<int>(entry.data.who)));
  for (const auto& each : operations())
    described.insert(name_of(each.method, each.path) + " "
                     + std::to_string(static_cast<int>(each.who)));
  CHECK(served == described);
  CHECK(served.size() == routes.entries().size());
}

TEST_CASE("every reference in the OpenAPI document leads somewhere", "[http][openapi]") {
  const auto document = openapi();
  std::set<std::string> found;
  collect_references(document, found);
  CHECK(found.size() > 20);
  for (const auto& reference : found) {
    CAPTURE(reference);
    REQUIRE(reference.starts_with("#/"));
    CHECK(document.contains(json::json_pointer{reference.substr(1)}));
  }
}

TEST_CASE("every operation of the OpenAPI document is complete", "[http][openapi]") {
  const auto document = openapi();
  std::size_t count = 0;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, what] : methods.items()) {
      CAPTURE(path, method, what.dump());
      ++count;
      CHECK(what["responses"].size() > 0);
      CHECK(what["responses"].is_object());
      CHECK(what["tags"].is_array());
      CHECK(what["security"].is_array());
      CHECK((path.find('{') == std::string::npos || what["parameters"][0]["in"] == "path"));
    }
  CHECK(count == operations().size());
}
