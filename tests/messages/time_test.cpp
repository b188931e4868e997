#include "messages/time.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace std::chrono_literals;

TEST_CASE("RFC 3339 times are read with any offset and written in UTC") {
  CHECK(to_rfc3339(parse_rfc3339("2026-11-23T09:00:00Z").value()) == "2026-11-23T09:00:00.000Z");
  CHECK(to_rfc3339(parse_rfc3339("2026-11-23T09:00:00.1234567+05:30").value())
        == "2026-11-23T03:30:00.123Z");
  CHECK(to_rfc3339(parse_rfc3339("2026-11-23t23:30:00-01:00").value())
        == "2026-11-24T00:30:00.000Z");
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z"));
}

TEST_CASE("what is no RFC 3339 time is refused") {
  for (const char* wrong :
       {"", "2026-11-23", "2026-11-23T09:00:00", "2026-11-23T09:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z",
        "2026-11-23T09:00:00.Z", "2026-11-23T09:00:00+5:00", "2026-11-23T09:00:00Zx",
        "26-11-23T09:00:00Z"})
    CHECK_FALSE(parse_rfc3339(wrong));
}

TEST_CASE("a time comes back from its text to the millisecond") {
  auto ok = rc::check([] {
    timestamp t{std::chrono::milliseconds{*rc::gen::inRange<std::int64_t>(0, 253402300799000)}};
    RC_ASSERT(parse_rfc3339(to_rfc3339(t)) == t);
  });
  CHECK(ok);
}

TEST_CASE("durations are read with their unit") {
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("30min") == 30min);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("24h") == 24h);
  CHECK(parse_duration("7d") == 168h);
  CHECK(parse_duration("2w") == 336h);
  CHECK(parse_duration("0s") == 0s);
  for (const char* wrong : {"", "5", "-5s", "s", "5x", "5 s", "1.5h", "99999999999s"})
    CHECK_FALSE(parse_duration(wrong));
}
