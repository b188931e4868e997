#include "actors/partition/recipient_residence.hpp"

#include "tests/support/plain_sealer.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

const tenant_id clinic{"clinic"};

recipient_id person_number(int n) {
  return recipient_id{"p" + std::to_string(n)};
}

struct house {
  explicit house(std::size_t bytes = 1 << 20) : residence(book, bytes) {}

  void change(int n, std::uint64_t sequence, std::size_t bytes = 100) {
    residence.changed(clinic, person_number(n), sequence, bytes);
  }
  void save_all() {
    for (const auto& who : residence.take_unsaved(1000))
      residence.saved(who, 100);
  }
  bool is_here(int n) {
    return book.find(clinic, person_number(n)) != nullptr;
  }
  bool is_absent(int n) {
    return residence.is_absent(clinic, person_number(n));
  }

  plain_sealer seal;
  recipient_book book{seal};
  recipient_residence residence;
};

} // namespace

TEST_CASE("who was never heard of need not be read; who is known must, until they are here") {
  house h;
  CHECK(!h.is_absent(1));
  h.residence.know({{clinic, person_number(1)}, {"nurse"}});
  CHECK(h.is_absent(1));
  CHECK(!h.is_absent(2));
  CHECK(h.book.with_role(clinic, "nurse") == std::vector{person_number(1)});
  h.residence.arrived(clinic, person_number(1), 9, 300);
  CHECK(!h.is_absent(1));
}

TEST_CASE("who turned out to be kept nowhere is here, and nobody else is forgotten for it") {
  house h;
  h.residence.know({{clinic, person_number(1)}, {}});
  h.residence.arrived(clinic, person_number(1), 0, 0);
  CHECK(!h.is_absent(1));
  h.book.evict(clinic, person_number(1)); // as if it were another person of the same hash
  CHECK(h.is_absent(1));
}

TEST_CASE("who was used since something under way began stays until it is over") {
  house h{1};
  h.change(1, 10);
  h.save_all();
  h.residence.next_round();
  auto here = h.residence.here();
  CHECK(!h.is_absent(1)); // used
  h.change(2, 11);
  h.save_all();
  h.residence.next_round();
  CHECK(h.residence.make_room(100).empty());
  here = nullptr;
  h.residence.next_round();
  CHECK(h.residence.make_room(100).size() == 2);
}

TEST_CASE("work of long ago keeps nobody who was not used since") {
  house h{1};
  h.change(1, 10);
  h.save_all();
  h.residence.next_round();
  auto here = h.residence.here();
  h.residence.next_round();
  CHECK(h.residence.make_room(100).size() == 1);
}

TEST_CASE("an entry that somebody made before it was read does not count as read") {
  house h;
  h.residence.know({{clinic, person_number(1)}, {}});
  h.book.get(clinic, person_number(1));
  CHECK(h.is_absent(1));
}

TEST_CASE("the first unsaved fact moves on only when its snapshot is written") {
  house h;
  CHECK(h.residence.first_unsaved() == recipient_residence::everything);
  h.change(1, 10);
  h.change(2, 11);
  h.change(1, 12);
  CHECK(h.residence.first_unsaved() == 10);
  auto batch = h.residence.take_unsaved(1);
  REQUIRE(batch.size() == 1);
  CHECK(batch[0].since == 10);
  CHECK(h.residence.first_unsaved() == 10);
  h.residence.saved(batch[0], 100);
  CHECK(h.residence.first_unsaved() == 11);
  h.save_all();
  CHECK(h.residence.first_unsaved() == recipient_residence::everything);
}

TEST_CASE("what changes while it is written is unsaved from then on") {
  house h;
  h.change(1, 10);
  auto batch = h.residence.take_unsaved(9);
  h.change(1, 20);
  h.residence.saved(batch[0], 100);
  CHECK(h.residence.first_unsaved() == 20);
}

TEST_CASE("a snapshot that failed is unsaved as before, once, also where more came meanwhile") {
  house h;
  h.change(1, 10);
  h.change(2, 11);
  auto batch = h.residence.take_unsaved(1);
  h.change(1, 20);
  h.residence.not_saved(batch[0]);
  CHECK(h.residence.first_unsaved() == 10);
  auto again = h.residence.take_unsaved(9);
  REQUIRE(again.size() == 2);
  CHECK(again[0].since == 10);
  CHECK(again[1].since == 11);
}

TEST_CASE("snapshots are taken in portions that fit into memory") {
  house h{std::size_t{1} << 30};
  for (int n = 0; n < 6; ++n)
    h.change(n, static_cast<std::uint64_t>(n + 1), 3'000'000);
  for (auto expected : {2U, 2U, 2U, 0U}) {
    auto some = h.residence.take_unsaved(64);
    CHECK(some.size() == expected);
    for (const auto& who : some)
      h.residence.saved(who, 100);
  }
}

TEST_CASE("the longest unused leave, and none that is not written down") {
  house h{10'000};
  for (int n = 0; n < 20; ++n)
    h.change(n, static_cast<std::uint64_t>(n + 1));
  REQUIRE(h.residence.is_over());
  CHECK(h.residence.make_room(100).empty());
  h.save_all();
  h.residence.next_round();
  for (int n = 0; n < 5; ++n)
    REQUIRE(!h.is_absent(n));
  auto gone = h.residence.make_room(100);
  CHECK(!gone.empty());
  CHECK(!h.residence.is_over());
  for (int n = 0; n < 5; ++n)
    CHECK(h.is_here(n));
  for (const auto& who : gone)
    CHECK(h.residence.is_absent(who.tenant, who.recipient));
}

TEST_CASE("who got a key that is not durable yet stays") {
  house h{10};
  h.residence.got_key(clinic, person_number(1), 50);
  CHECK(h.residence.is_over());
  CHECK(h.residence.make_room(49).empty());
  CHECK(h.residence.make_room(50).size() == 1);
  CHECK(h.is_absent(1));
}

TEST_CASE("memory is counted while people come, change and go, and ends where it began") {
  house h{1};
  for (int n = 0; n < 50; ++n)
    h.change(n, static_cast<std::uint64_t>(n + 1), 1000);
  CHECK(h.residence.bytes() > 50 * 1000);
  h.save_all();
  CHECK(h.residence.make_room(100).size() == 50);
  CHECK(h.residence.bytes() == 0);
}
