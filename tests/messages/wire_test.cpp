#include "messages/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <catch2/catch.hpp>

using namespace carillon;

namespace {

struct node {
  caf::actor_system_config config;
  caf::actor_system system{prepared(config)};

  static caf::actor_system_config& prepared(caf::actor_system_config& c) {
    c.add_message_types<caf::id_block::carillon>();
    return c;
  }

  std::vector<char> write(caf::message m) {
    std::vector<char> bytes;
    caf::binary_serializer sink{system, bytes};
    REQUIRE_FALSE(sink(m));
    return bytes;
  }

  /// Over the wire as a message, as a broker would send it.
  template <class M>
  M pass(M sent) {
    auto bytes = write(caf::make_message(sent));
    caf::message got;
    caf::binary_deserializer source{system, bytes};
    REQUIRE_FALSE(source(got));
    REQUIRE(got.match_elements<M>());
    return got.get_as<M>(0);
  }
};

const tenant_id tenant{"t"};
const recipient_id reader{"p"};
const auto id = make_notification_id(partition_id{7}, timestamp{std::chrono::hours{1}}, 1, 2);

/// A round trip that compares every field.
template <class M>
void check_round_trip(M m) {
  INFO(wire<M>::name);
  node n;
  auto got = n.pass(m);
  CHECK(wire<M>::fields(got) == wire<M>::fields(m));
}

} // namespace

TEST_CASE("every message that crosses nodes arrives as it was sent") {
  check_round_trip(notification_command{tenant, id, notification_command::verb::discard, "note"});
  check_round_trip(provider_report{tenant, id, 3, status::bounced, error_class::permanent_address,
                                   "21211", "SM1"});
  check_round_trip(claim_request{tenant, "POST /v1/events", "k", make_hash("b")});
  check_round_trip(claim_answer{claim_answer::kind::replay, 202, "{}"});
  check_round_trip(complete_request{tenant, "r", "k", 201, "{}"});
  check_round_trip(
      inbox_command{tenant, reader, inbox_command::verb::act, id, "ok", "unread", "q", 7, 99});
  check_round_trip(resume_inbox{tenant, reader, 17, false});
  check_round_trip(watch_inbox{tenant, reader, false});
  check_round_trip(drain{});
}

TEST_CASE("the test above names every type of the block") {
  CHECK(caf::id_block::carillon::end - caf::id_block::carillon::begin == 9);
}

TEST_CASE("a message of a schema that is not known is refused") {
  node n;
  std::vector<char> bytes;
  caf::binary_serializer sink{n.system, bytes};
  watch_inbox sent{tenant, reader, true};
  REQUIRE_FALSE(sink(sent));
  bytes[1] = 9; // the schema number leads, in network order
  watch_inbox got;
  caf::binary_deserializer source{n.system, bytes};
  CHECK(source(got));
}
