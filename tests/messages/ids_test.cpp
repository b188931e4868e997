#include "messages/ids.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;

TEST_CASE("a notification id carries its partition and its time, and is a UUID of version 7") {
  auto ok = rc::check([] {
    auto partition = partition_id{*rc::gen::arbitrary<std::uint8_t>()};
    timestamp at{std::chrono::milliseconds{*rc::gen::inRange<std::int64_t>(0, 1LL << 47)}};
    auto id = make_notification_id(partition, at, *rc::gen::arbitrary<std::uint8_t>(),
                                   *rc::gen::arbitrary<std::uint64_t>());
    RC_ASSERT(partition_of(id) == partition);
    RC_ASSERT(time_of(id) == at);
    auto text = to_string(id);
    RC_ASSERT(text.size() == 36U);
    RC_ASSERT(text[14] == '7');
    RC_ASSERT(parse_notification_id(text) == id);
  });
  CHECK(ok);
}

TEST_CASE("only a UUID of version 7 is a notification id") {
  CHECK(parse_notification_id("0192f5e4-1c00-7abc-8def-0123456789ab"));
  CHECK(parse_notification_id("0192F5E4-1C00-7ABC-8DEF-0123456789AB"));
  for (const char* wrong :
       {"", "0192f5e4-1c00-4abc-8def-0123456789ab", "0192f5e4-1c00-7abc-0def-0123456789ab",
        "0192f5e41c007abc8def0123456789ab", "0192f5e4-1c00-7abc-8def-0123456789ag",
        "0192f5e4-1c00-7abc-8def-0123456789ab "})
    CHECK_FALSE(parse_notification_id(wrong));
}

TEST_CASE("a recipient's partition never changes") {
  // Stored ids rest on these.
  CHECK(partition_of(tenant_id{"default"}, recipient_id{"p-1"})
        == partition_of(tenant_id{"default"}, recipient_id{"p-1"}));
  CHECK(partition_of(tenant_id{"a"}, recipient_id{"bc"})
        != partition_of(tenant_id{"ab"}, recipient_id{"c"}));
}

TEST_CASE("a hash keeps its parts apart and comes back from its text") {
  CHECK(make_hash("a", "bc") != make_hash("ab", "c"));
  CHECK(parse_hash(to_hex(make_hash("x"))) == make_hash("x"));
  CHECK_FALSE(parse_hash("12"));
  CHECK_FALSE(make_hash("").is_nil());
}
