#include "actors/partition/snapshot_codec.hpp"

#include "tests/support/plain_sealer.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

const tenant_id clinic{"clinic"};
const recipient_id ann{"ann"};

/// A book in which Ann has one of everything.
struct full_book {
  plain_sealer seal;
  recipient_book book{seal};
  std::string key = seal.make_key();

  full_book() {
    auto at = timestamp{std::chrono::hours{500000}};
    std::uint64_t sequence = 0;
    auto fold = [&](const fact& f, const std::string& sealed) {
      book.apply(clinic, f, sealed, at, ++sequence);
    };
    fold(recipient_changed{ann, 3, "Europe/Berlin", "north", "dr-b", {"nurse"}, 5}, "profile");
    fold(preferences_changed{ann, 2, R"({"language":"de"})"}, {});
    fold(consent_recorded{ann, channel::sms, "marketing", "opted_out", "web", "form", no_time},
         "c1");
    fold(device_changed{ann, make_hash("token"), false}, "device");
    fold(in_app_posted{ann, 7}, {});
    book.get(clinic, ann).key = key;
  }

  std::string snapshot(std::string_view under) {
    return finish_snapshot(seal, ann, under, encode_snapshot(book, ann, *book.find(clinic, ann)),
                           {"limits", "inbox"});
  }
};

recipient_entry folded(recipient_book& into, const opened_snapshot& from) {
  for (const auto& f : from.facts)
    into.apply(clinic, f.body, f.sealed, f.at, from.version);
  return *into.find(clinic, ann);
}

} // namespace

TEST_CASE("what is read from a snapshot folds to the same recipient") {
  full_book ann_s;
  auto opened = open_snapshot(ann_s.seal, ann, ann_s.key, ann_s.snapshot(ann_s.key));
  REQUIRE(opened);
  recipient_book other{ann_s.seal};
  auto e = folded(other, *opened);
  const auto& was = *ann_s.book.find(clinic, ann);
  CHECK(e.profile == was.profile);
  CHECK(*e.timezone == "Europe/Berlin");
  CHECK(*e.organization == "north");
  CHECK(*e.provider == "dr-b");
  CHECK(e.roles == was.roles);
  CHECK(e.contacts == was.contacts);
  CHECK(e.devices == was.devices);
  CHECK(e.preferences == was.preferences);
  CHECK(e.preferences_version == 2);
  REQUIRE(e.consents.size() == 1);
  CHECK(e.consents[0].first == was.consents[0].first);
  CHECK(e.consents[0].second.consent_status == "opted_out");
  CHECK(e.consents_sealed == was.consents_sealed);
  CHECK(opened->version == was.version);
  CHECK(opened->profile_version == 3);
  CHECK(opened->inbox_offset == 7);
  CHECK(opened->parts.limits == "limits");
  CHECK(opened->parts.inbox == "inbox");
  CHECK(other.with_role(clinic, "nurse") == std::vector{ann});
}

TEST_CASE("without a key nothing is protected, and the snapshot is in the clear") {
  full_book ann_s;
  auto opened = open_snapshot(ann_s.seal, ann, {}, ann_s.snapshot({}));
  REQUIRE(opened);
  CHECK(!opened->lost);
  CHECK(opened->facts.size() == 4);
}

TEST_CASE("once the key is gone only the numbers are left") {
  full_book ann_s;
  auto body = ann_s.snapshot(ann_s.key);
  for (const auto& key : {std::string{}, ann_s.seal.make_key()}) {
    auto opened = open_snapshot(ann_s.seal, ann, key, body);
    REQUIRE(opened);
    CHECK(opened->lost);
    CHECK(opened->facts.empty());
    CHECK(opened->profile_version == 3);
    CHECK(opened->inbox_offset == 7);
  }
}

TEST_CASE("bytes that are no snapshot are refused, wherever they are cut") {
  full_book ann_s;
  auto body = ann_s.snapshot({});
  for (std::size_t size = 0; size < body.size(); ++size)
    CHECK(!open_snapshot(ann_s.seal, ann, {}, std::string_view{body}.substr(0, size)));
  CHECK(!open_snapshot(ann_s.seal, ann, {}, "\x7f" + body));
}

TEST_CASE("a snapshot sealed under the key there is, and damaged, is refused rather than lost") {
  full_book ann_s;
  auto body = ann_s.snapshot(ann_s.key);
  body.resize(body.size() - 3);
  CHECK(!open_snapshot(ann_s.seal, ann, ann_s.key, body));
}
