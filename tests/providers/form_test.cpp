#include "adapters/providers/support/form.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon::providers;

TEST_CASE("A form body escapes what it must and nothing else") {
  std::string body;
  append_field(body, "To", "+15550001111");
  append_field(body, "Body", "a b&c=d%~\n*-._");
  CHECK(body == "To=%2B15550001111&Body=a+b%26c%3Dd%25%7E%0A*-._");
}

TEST_CASE("UTF-8 is escaped byte by byte") {
  std::string body;
  append_field(body, "Body", "é😀");
  CHECK(body == "Body=%C3%A9%F0%9F%98%80");
}

TEST_CASE("Whatever is written into a form is read back") {
  CHECK(rc::check("form round trip", [](const form_fields& fields) {
    std::string body;
    for (const auto& [name, value] : fields)
      append_field(body, "n" + name, value);
    auto expected = fields;
    for (auto& [name, value] : expected)
      name = "n" + name;
    RC_ASSERT(parse_form(body) == expected);
  }));
}

TEST_CASE("Broken escapes and empty parts of a form do no harm") {
  CHECK(parse_form("a=%&b=%4&c=%zz&&d")
        == form_fields{{"a", "%"}, {"b", "%4"}, {"c", "%zz"}, {"d", ""}});
  CHECK(parse_form("").empty());
  CHECK(field_of(parse_form("x=1&x=2"), "x") == "1");
  CHECK(field_of({}, "x").empty());
}

TEST_CASE("A path segment keeps only unreserved characters") {
  CHECK(percent_encode("twilio main/ü") == "twilio%20main%2F%C3%BC");
}
