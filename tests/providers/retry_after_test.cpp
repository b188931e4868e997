#include "adapters/providers/support/retry_after.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using carillon::providers::parse_retry_after;
using std::chrono::seconds;

namespace {

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110.
const timestamp rfc_moment{seconds{784111777}};

} // namespace

TEST_CASE("Retry-After in seconds is a wait") {
  CHECK(parse_retry_after("120", no_time) == duration{seconds{120}});
  CHECK(parse_retry_after(" 0 ", no_time) == duration{0});
}

TEST_CASE("Retry-After as a date is a wait from now") {
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", rfc_moment - seconds{30})
        == duration{seconds{30}});
}

TEST_CASE("A date in the past means no wait") {
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", rfc_moment + seconds{1}) == duration{0});
}

TEST_CASE("No wait is longer than a day") {
  CHECK(parse_retry_after("9999999", no_time) == duration{std::chrono::hours{24}});
  CHECK(parse_retry_after("99999999999999999999999", no_time) == duration{std::chrono::hours{24}});
  CHECK(parse_retry_after("Sun, 06 Nov 2044 08:49:37 GMT", rfc_moment)
        == duration{std::chrono::hours{24}});
}

TEST_CASE("Anything else says nothing") {
  for (const auto* text : {"", " ", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:37 CET",
                           "Sunday, 06-Nov-94 08:49:37 GMT", "12 13"})
    CHECK_FALSE(parse_retry_after(text, no_time));
}
