#pragma once

#include "config/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

namespace carillon {

/// A setting as it was written: from TOML with its type, from the environment always as text.
struct written_value {
  std::variant<bool, std::int64_t, double, std::string> what;
  bool from_environment = false;
};

/// What a reader answers: empty, or what is wrong and what to write instead.
using complaint = std::string;

/// Bounds of a whole number, both included.
struct number_range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

/// Bounds of a duration, both included.
struct duration_range {
  duration least{0};
  duration most{0};
};

// Each reads `from` into `to`, which stays as it is when the answer is a complaint.

complaint read_value(const written_value& from, bool& to);
complaint read_value(const written_value& from, std::string& to);
complaint read_value(const written_value& from, std::filesystem::path& to);
complaint read_value(const written_value& from, std::uint32_t& to, number_range range);
complaint read_value(const written_value& from, std::uint64_t& to, number_range range);

/// `10s`, `500ms`, `30min`, `24h`.
complaint read_value(const written_value& from, duration& to, duration_range range);

/// Bytes: a whole number, or text with KiB, MiB or GiB.
complaint read_bytes(const written_value& from, std::size_t& to, number_range range);

/// `host:port`, `[ipv6]:port` or `:port`.
complaint read_value(const written_value& from, listen_address& to);

/// An absolute http or https URL without a trailing slash (one is taken off).
complaint read_url(const written_value& from, std::string& to);

/// The names of an enum.
template <named_enum E>
complaint read_value(const written_value& from, E& to) {
  std::string name;
  if (auto wrong = read_value(from, name); !wrong.empty())
    return wrong;
  if (auto value = parse_enum<E>(name)) {
    to = *value;
    return {};
  }
  std::string known;
  for (auto each : enum_names<E>::values)
    known += (known.empty() ? "" : ", ") + std::string{each};
  return "'" + name + "' is not one of " + known;
}

} // namespace carillon
