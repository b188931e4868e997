#include "messages/ids.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace carillon {

namespace {

using digest = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

/// OpenSSL's one-shot functions look the algorithm up each time, which costs more than the hash.
struct hasher {
  std::unique_ptr<EVP_MD, void (*)(EVP_MD*)> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                       EVP_MD_free};
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

/// SHA-256 of the parts with a zero byte between them.
digest hash_parts(std::initializer_list<std::string_view> parts) {
  thread_local hasher h;
  auto* context = h.context.get();
  auto done = EVP_DigestInit_ex2(context, h.algorithm.get(), nullptr) == 1;
  for (const auto* part = parts.begin(); part != parts.end(); ++part) {
    if (part != parts.begin())
      done = done && EVP_DigestUpdate(context, "", 1) == 1;
    done = done && EVP_DigestUpdate(context, part->data(), part->size()) == 1;
  }
  digest out{};
  if (!done || EVP_DigestFinal_ex(context, out.data(), nullptr) != 1)
    throw std::bad_alloc{}; // no other way to fail is left
  return out;
}

constexpr char hex_digits[] = "0123456789abcdef";

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    out.push_back(hex_digits[bytes[i] >> 4]);
    out.push_back(hex_digits[bytes[i] & 15]);
  }
}

constexpr std::array<std::int8_t, 256> make_hex_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 16; ++i) {
    auto digit = static_cast<unsigned char>(hex_digits[i]);
    values[digit] = static_cast<std::int8_t>(i);
    if (i > 9)
      values[digit - 'a' + 'A'] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto hex_values = make_hex_values();

int hex_value(char c) noexcept {
  return hex_values[static_cast<unsigned char>(c)];
}

/// Reads n bytes of hex; false if a character is none.
bool read_hex(std::string_view text, std::uint8_t* out, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    auto high = hex_value(text[2 * i]);
    auto low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t N>
bool all_zero(const std::array<std::uint8_t, N>& bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; });
}

std::size_t last_eight(const std::array<std::uint8_t, 16>& bytes) noexcept {
  std::uint64_t x = 0;
  std::memcpy(&x, bytes.data() + 8, sizeof x);
  return static_cast<std::size_t>(x);
}

} // namespace

bool notification_id::is_nil() const noexcept {
  return all_zero(bytes);
}

bool hash16::is_nil() const noexcept {
  return all_zero(bytes);
}

notification_id make_notification_id(partition_id partition, timestamp at, std::uint8_t random_high,
                                     std::uint64_t random_low) {
  auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
  notification_id id;
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | partition.value >> 4);
  id.bytes[7] = static_cast<std::uint8_t>((partition.value & 15) << 4 | (random_high & 15));
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[8 + i] = static_cast<std::uint8_t>(random_low >> (56 - 8 * i));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

partition_id partition_of(const notification_id& id) noexcept {
  return {static_cast<std::uint8_t>((id.bytes[6] & 15) << 4 | id.bytes[7] >> 4)};
}

timestamp time_of(const notification_id& id) noexcept {
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i)
    ms = ms << 8 | id.bytes[i];
  return timestamp{std::chrono::milliseconds{ms}};
}

std::string to_string(const notification_id& id) {
  std::string out;
  out.reserve(36);
  std::size_t at = 0;
  for (std::size_t group : {4, 2, 2, 2, 6}) {
    if (at != 0)
      out.push_back('-');
    append_hex(out, id.bytes.data() + at, group);
    at += group;
  }
  return out;
}

std::optional<notification_id> parse_notification_id(std::string_view text) {
  if (text.size() != 36)
    return std::nullopt;
  notification_id id;
  std::size_t at = 0;
  std::size_t byte = 0;
  for (std::size_t group : {4, 2, 2, 2, 6}) {
    if (at != 0 && text[at++] != '-')
      return std::nullopt;
    if (!read_hex(text.substr(at), id.bytes.data() + byte, group))
      return std::nullopt;
    at += 2 * group;
    byte += group;
  }
  if (id.bytes[6] >> 4 != 7 || id.bytes[8] >> 6 != 2)
    return std::nullopt;
  return id;
}

partition_id partition_of(const tenant_id& tenant, const recipient_id& recipient) {
  return {hash_parts({tenant.str(), recipient.str()})[0]};
}

partition_id home_of(const tenant_id& tenant, std::string_view a, std::string_view b) {
  return {hash_parts({tenant.str(), a, b})[0]};
}

hash16 make_hash(std::string_view a, std::string_view b, std::string_view c) {
  auto d = hash_parts({a, b, c});
  hash16 out;
  std::copy_n(d.begin(), out.bytes.size(), out.bytes.begin());
  return out;
}

std::string to_hex(const hash16& h) {
  std::string out;
  out.reserve(32);
  append_hex(out, h.bytes.data(), h.bytes.size());
  return out;
}

std::optional<hash16> parse_hash(std::string_view hex) {
  hash16 h;
  if (hex.size() != 32 || !read_hex(hex, h.bytes.data(), h.bytes.size()))
    return std::nullopt;
  return h;
}

} // namespace carillon

std::size_t std::hash<carillon::notification_id>::operator()(
    const carillon::notification_id& x) const noexcept {
  return carillon::last_eight(x.bytes);
}

std::size_t std::hash<carillon::hash16>::operator()(const carillon::hash16& x) const noexcept {
  return carillon::last_eight(x.bytes);
}
