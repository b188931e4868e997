#include "adapters/http/server/body_reader.hpp"

#include "adapters/http/server/json_reader.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <map>

using namespace carillon;
using namespace carillon::http;
using nlohmann::json;

namespace {

constexpr std::array<std::string_view, 2> colours{"red", "green"};

/// Reads a body with one member of each kind. @returns pointer to message.
std::map<std::string, std::string> errors_of(const json& body) {
  std::vector<field_error> errors;
  body_reader read{body, errors};
  read.text("name", presence::required, 8);
  read.any_text("note");
  read.boolean("flag");
  read.integer("count", 1, 10);
  read.choice("colour", colours);
  read.choices("colours", colours);
  read.time("at");
  read.period("wait");
  read.texts("tags", 3);
  read.checked("even", [](const std::string& text) -> std::optional<std::string> {
    return text.size() % 2 == 0 ? std::nullopt : std::optional<std::string>{"must be even"};
  });
  read.object("nested", [](body_reader& nested) { nested.boolean("deep", presence::required); });
  read.objects("list", [](body_reader& each) { each.integer("n", 0, 5, presence::required); });
  read.done();
  std::map<std::string, std::string> result;
  for (auto& error : errors)
    result.emplace(std::move(error.pointer), std::move(error.message));
  return result;
}

} // namespace

TEST_CASE("a sound body has no errors", "[http][body]") {
  const json body = {{"name", "Ada"},
                     {"note", ""},
                     {"flag", true},
                     {"count", 10},
                     {"colour", "red"},
                     {"colours", {"red", "green", "red"}},
                     {"at", "2026-11-23T09:00:00+01:00"},
                     {"wait", "15min"},
                     {"tags", {"a"}},
                     {"even", "ab"},
                     {"nested", {{"deep", false}}},
                     {"list", {{{"n", 0}}, {{"n", 5}}}}};
  CHECK(errors_of(body).empty());
}

TEST_CASE("everything wrong with a body is told at once, with pointers", "[http][body]") {
  const auto body
      = json::parse(R"({"name":"much too long","note":7,"flag":"yes","count":11,"colour":"blue",
    "colours":["red","x"],"at":"tomorrow","wait":"soon","tags":["a","",1],"even":"abc",
    "nested":{"deep":1,"odd/~":2},"list":[{"n":6},{},3],"more":1})");
  const auto errors = errors_of(body);
  std::vector<std::string> pointers;
  for (const auto& [pointer, message] : errors)
    pointers.push_back(pointer);
  CHECK(pointers
        == std::vector<std::string>{"/at", "/colour", "/colours/1", "/count", "/even", "/flag",
                                    "/list/0/n", "/list/1/n", "/list/2", "/more", "/name",
                                    "/nested/deep", "/nested/odd~1~0", "/note", "/tags/1",
                                    "/tags/2", "/wait"});
  CHECK(errors.at("/colour") == "must be one of red, green");
  CHECK(errors.at("/more") == "is not a known field");
  CHECK(errors.at("/count") == "must be a whole number from 1 to 10");
}

TEST_CASE("a missing member is an error only where it is required", "[http][body]") {
  CHECK(errors_of(json::object()) == std::map<std::string, std::string>{{"/name", "is required"}});
  CHECK(errors_of({{"name", nullptr}}).count("/name") == 1);
  CHECK(errors_of(json::array()).count("") == 1);
}

TEST_CASE("numbers at the edges of 64 bits are refused, not wrapped", "[http][body]") {
  for (const auto text : {"18446744073709551615", "-9223372036854775808", "1e3", "2.0"})
    CHECK(errors_of({{"name", "a"}, {"count", json::parse(text)}}).count("/count") == 1);
}

TEST_CASE("JSON is read strictly", "[http][json]") {
  CHECK(*read_json(R"({"a":[1,-2,3.5,true,null,{"b":"\u00e9"}]})").value
        == json::parse(R"({"a":[1,-2,3.5,true,null,{"b":"é"}]})"));
  CHECK(read_json("7").value->get<int>() == 7);
  for (const auto text : {"", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\":1}{", "// c\n1", "NaN", "'a'",
                          "\"\x01\"", "01", "\"\xc3\x28\""}) {
    CAPTURE(text);
    const auto result = read_json(text);
    CHECK(!result.value);
    CHECK(!result.error.empty());
  }
}

TEST_CASE("a name twice in one object is refused, in two objects it is fine", "[http][json]") {
  CHECK(read_json(R"({"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]})").value);
  CHECK(read_json(R"({"x":{"a":1,"a":2}})").error == "the name \"a\" appears twice in one object");
}

TEST_CASE("JSON deeper than the bound is refused", "[http][json]") {
  const auto nested
      = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(read_json(nested(32)).value);
  CHECK(!read_json(nested(33)).value);
  CHECK(!read_json(std::string(1'000'000, '[')).value);
}
