#include "persistence/sealing/cipher.hpp"

#include "persistence/sealing/aes_sealer.hpp"
#include "persistence/sealing/master_key.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

#include <sys/stat.h>

using namespace carillon;
using namespace carillon::persistence;

namespace {

std::string unhex(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    result.push_back(static_cast<char>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16)));
  return result;
}

std::string hex(std::string_view bytes) {
  std::string result;
  for (char c : bytes)
    result += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return result;
}

key_bytes key_of(std::string_view text) {
  key_bytes key;
  auto raw = unhex(text);
  std::copy(raw.begin(), raw.end(), key.begin());
  return key;
}

aes_sealer sealer_of(unsigned char seed) {
  key_bytes key;
  key.fill(seed);
  return aes_sealer{key};
}

} // namespace

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16.
TEST_CASE("the cipher agrees with the published vectors of AES-256-GCM") {
  std::string out;
  auto zero = key_of(std::string(64, '0'));
  seal_with_nonce(zero, std::string(12, '\0'), "", "", out);
  CHECK(hex(out) == "01" + std::string(24, '0') + "530f8afbc74536b9a963b4f1c4cb738b");
  out.clear();
  seal_with_nonce(zero, std::string(12, '\0'), std::string(16, '\0'), "", out);
  CHECK(hex(out).substr(26) == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  out.clear();
  seal_with_nonce(
      key_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
      unhex("cafebabefacedbaddecaf888"),
      unhex(
          "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
          "49a6b525b16aedf5aa0de657ba637b39"),
      unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), out);
  CHECK(
      hex(out).substr(26)
      == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
         "56828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
}

// RFC 4231, test cases 1 and 2.
TEST_CASE("the keyed hash agrees with RFC 4231") {
  auto first = keyed_hash(std::string(20, '\x0b'), "Hi There");
  CHECK(hex({reinterpret_cast<const char*>(first.data()), 32})
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  auto second = keyed_hash("Jefe", "what do ya want for nothing?");
  CHECK(hex({reinterpret_cast<const char*>(second.data()), 32})
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("a sealed text opens only with its key, its context and all its bytes") {
  auto sealer = sealer_of(7);
  auto key = sealer.make_key();
  auto sealed = sealer.seal(key, "Facial at 9", "id-1");
  CHECK(sealer.unseal(key, sealed, "id-1") == "Facial at 9");
  CHECK_FALSE(sealer.unseal(key, sealed, "id-2"));
  CHECK_FALSE(sealer.unseal(sealer.make_key(), sealed, "id-1"));
  CHECK_FALSE(sealer_of(8).unseal(key, sealed, "id-1"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK_FALSE(sealer.unseal(key, damaged, "id-1"));
  }
  CHECK_FALSE(sealer.unseal(key, sealed.substr(0, sealed.size() - 1), "id-1"));
  CHECK_FALSE(sealer.unseal(key, "", "id-1"));
}

TEST_CASE("sealing the same text twice shows nothing of it") {
  auto sealer = sealer_of(7);
  auto key = sealer.make_key();
  auto first = sealer.seal(key, "same", "");
  CHECK(first != sealer.seal(key, "same", ""));
  CHECK(first.size() == 4 + seal_overhead);
  CHECK(sealer.unseal(key, sealer.seal(key, "", ""), "") == "");
}

TEST_CASE("the look-up hash depends on master key and purpose") {
  auto sealer = sealer_of(7);
  CHECK(sealer.lookup_hash("sms", "+1555") == sealer_of(7).lookup_hash("sms", "+1555"));
  CHECK(sealer.lookup_hash("sms", "+1555") != sealer.lookup_hash("email", "+1555"));
  CHECK(sealer.lookup_hash("sms", "+1555") != sealer_of(8).lookup_hash("sms", "+1555"));
  CHECK(sealer.fingerprint() != sealer_of(8).fingerprint());
}

TEST_CASE("the master key is made once, private, and read back") {
  test::temporary_directory directory;
  auto file = directory.path() / "master.key";
  auto made = load_master_key(file, true);
  REQUIRE(made);
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  auto again = load_master_key(file, true);
  REQUIRE(again);
  CHECK(*again == *made);
}

TEST_CASE("a master key that cannot be right is refused in one line") {
  test::temporary_directory directory;
  auto file = directory.path() / "master.key";
  auto missing = load_master_key(file, false);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == failure_kind::key);
  std::ofstream(file) << "short";
  ::chmod(file.c_str(), 0600);
  auto wrong_size = load_master_key(file, true);
  REQUIRE_FALSE(wrong_size);
  CHECK(wrong_size.error().text.find("5 bytes instead of 32") != std::string::npos);
  ::chmod(file.c_str(), 0644);
  auto open = load_master_key(file, true);
  REQUIRE_FALSE(open);
  CHECK(open.error().text.find("chmod 600") != std::string::npos);
}
