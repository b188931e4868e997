#pragma once

#include "messages/time.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// A string that is the identity of one kind of thing and converts to nothing else.
template <class Tag>
class strong_string {
public:
  strong_string() = default;
  explicit strong_string(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& str() const noexcept {
    return value_;
  }
  [[nodiscard]] bool empty() const noexcept {
    return value_.empty();
  }

  friend bool operator==(const strong_string&, const strong_string&) = default;
  friend auto operator<=>(const strong_string&, const strong_string&) = default;

  template <class H>
  friend H AbslHashValue(H h, const strong_string& x) {
    return H::combine(std::move(h), x.value_);
  }

private:
  std::string value_;
};

using tenant_id = strong_string<struct tenant_tag>;
using recipient_id = strong_string<struct recipient_tag>;

/// The number of partitions, for ever: it is part of every stored id.
inline constexpr std::size_t partition_count = 256;

/// The unit of order, ownership and recovery, 0 to 255.
struct partition_id {
  std::uint8_t value = 0;
  friend bool operator==(partition_id, partition_id) = default;
  friend auto operator<=>(partition_id, partition_id) = default;
};

/// A UUID version 7 (RFC 9562) whose first 8 bits of `rand_a` are the partition that owns it.
struct notification_id {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_nil() const noexcept;
  friend bool operator==(const notification_id&, const notification_id&) = default;
  friend auto operator<=>(const notification_id&, const notification_id&) = default;

  template <class H>
  friend H AbslHashValue(H h, const notification_id& x) {
    return H::combine(std::move(h), x.bytes);
  }
};

/// Makes an id from its three parts; `random` supplies 66 bits, of which `random_low` gives 62.
notification_id make_notification_id(partition_id partition, timestamp at, std::uint8_t random_high,
                                     std::uint64_t random_low);

/// The partition that owns the id.
partition_id partition_of(const notification_id& id) noexcept;

/// The millisecond the id was made at.
timestamp time_of(const notification_id& id) noexcept;

/// The 36 character form, lower case.
std::string to_string(const notification_id& id);

/// Reads the 36 character form; nothing if it is not a UUID of version 7.
std::optional<notification_id> parse_notification_id(std::string_view text);

/// Byte 0 of SHA-256(tenant, 0, recipient).
partition_id partition_of(const tenant_id& tenant, const recipient_id& recipient);

/// Byte 0 of SHA-256(tenant, 0, a, 0, b): the home of an event (source, id) or of a request (route,
/// key).
partition_id home_of(const tenant_id& tenant, std::string_view a, std::string_view b);

/// The first 16 bytes of a SHA-256: a key for deduplication and correlation, never a secret.
struct hash16 {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_nil() const noexcept;
  friend bool operator==(const hash16&, const hash16&) = default;
  friend auto operator<=>(const hash16&, const hash16&) = default;

  template <class H>
  friend H AbslHashValue(H h, const hash16& x) {
    return H::combine(std::move(h), x.bytes);
  }
};

/// Hash of the parts with a zero byte between them.
hash16 make_hash(std::string_view a, std::string_view b = {}, std::string_view c = {});

std::string to_hex(const hash16& h);
std::optional<hash16> parse_hash(std::string_view hex);

} // namespace carillon

template <class Tag>
struct std::hash<carillon::strong_string<Tag>> {
  std::size_t operator()(const carillon::strong_string<Tag>& x) const noexcept {
    return std::hash<std::string>{}(x.str());
  }
};
template <>
struct std::hash<carillon::notification_id> {
  std::size_t operator()(const carillon::notification_id& x) const noexcept;
};
template <>
struct std::hash<carillon::hash16> {
  std::size_t operator()(const carillon::hash16& x) const noexcept;
};
