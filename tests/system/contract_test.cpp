// The check that every other test of the daemon rests on.
#include "tests/harness/contract.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using nlohmann::json;

TEST_CASE("an answer that is not as the document says is told from one that is") {
  const harness::contract promised{json::parse(R"({
    "paths":{"/v1/things/{id}":{"get":{"responses":{
      "200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},
      "204":{}}}}},
    "components":{"schemas":{"Thing":{"type":"object","required":["id"],
      "properties":{"id":{"type":"string"},"size":{"$ref":"#/components/schemas/Size"}}},
      "Size":{"type":["integer","null"]}}}})")};
  auto wrong
      = [&](int status, const std::string& body, const std::string& type = "application/json",
            const std::string& method = "GET", const std::string& path = "/v1/things/a?b=c") {
          return promised.mismatch(method, path, {status, {{"content-type", type}}, body});
        };
  CHECK(wrong(200, R"({"id":"a","size":null,"more":1})").empty());
  CHECK(wrong(204, "").empty());
  CHECK(wrong(404, "", "", "GET", "/v1/nothing").empty());
  CHECK_FALSE(wrong(200, R"({"size":1})").empty());
  CHECK_FALSE(wrong(200, R"({"id":1})").empty());
  CHECK_FALSE(wrong(200, R"({"id":"a","size":"big"})").empty());
  CHECK_FALSE(wrong(200, "{").empty());
  CHECK_FALSE(wrong(200, R"({"id":"a"})", "text/plain").empty());
  CHECK_FALSE(wrong(201, R"({"id":"a"})").empty());
  CHECK_FALSE(wrong(204, "x").empty());
  CHECK_FALSE(wrong(200, R"({"id":"a"})", "application/json", "PUT").empty());
  CHECK_FALSE(wrong(200, R"({"id":"a"})", "application/json", "GET", "/v1/nothing").empty());
}
