#include "actors/support/bytes.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <limits>

using namespace carillon;

namespace {

using key = std::array<std::uint8_t, 16>;

struct written {
  std::vector<std::uint64_t> numbers;
  std::string text;
  key id{};
  std::string bytes;

  explicit written(std::vector<std::uint64_t> all, std::string words)
      : numbers(std::move(all)), text(std::move(words)) {
    byte_writer out;
    for (auto n : numbers)
      out.number(n);
    out.text(text);
    id.fill(0xab);
    out.bytes(id);
    bytes = out.take();
  }
};

} // namespace

TEST_CASE("what a byte_writer wrote is read again") {
  auto ok = rc::check([] {
    written w{*rc::gen::arbitrary<std::vector<std::uint64_t>>(),
              *rc::gen::arbitrary<std::string>()};
    byte_reader in{w.bytes};
    for (auto n : w.numbers)
      RC_ASSERT(in.number() == n);
    RC_ASSERT(in.text() == w.text);
    RC_ASSERT(in.bytes<16>() == w.id);
    RC_ASSERT(in.at_end());
    RC_ASSERT(!in.failed());
  });
  CHECK(ok);
}

TEST_CASE("numbers up to 127 take a byte, the largest takes ten") {
  auto size_of = [](std::uint64_t n) {
    byte_writer out;
    out.number(n);
    return out.take().size();
  };
  CHECK(size_of(0) == 1);
  CHECK(size_of(127) == 1);
  CHECK(size_of(128) == 2);
  CHECK(size_of(std::numeric_limits<std::uint64_t>::max()) == 10);
}

TEST_CASE("of bytes that are cut off, nothing is read behind the end, and nothing more after it") {
  written w{{300, std::numeric_limits<std::uint64_t>::max()}, "some words"};
  for (std::size_t size = 0; size < w.bytes.size(); ++size) {
    byte_reader in{std::string_view{w.bytes}.substr(0, size)};
    in.number();
    in.number();
    in.text();
    in.bytes<16>();
    CHECK(in.failed());
    CHECK(in.number() == 0);
    CHECK(in.text().empty());
    CHECK(in.bytes<8>() == std::array<std::uint8_t, 8>{});
  }
}

TEST_CASE("any bytes can be read without harm") {
  auto ok = rc::check([] {
    auto bytes = *rc::gen::arbitrary<std::string>();
    byte_reader in{bytes};
    while (!in.failed() && !in.at_end()) {
      in.number();
      RC_ASSERT(in.text().size() <= bytes.size());
    }
    byte_reader number{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
    number.number();
    RC_ASSERT(number.failed());
  });
  CHECK(ok);
}
