#pragma once

#include "messages/enums.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <string>

namespace carillon {

/// "Could not", as opposed to a refusal, which is a value with a reason. Carried by caf::error,
/// category "carillon".
enum class errc : std::uint8_t {
  none,
  overloaded, ///< memory or journal pressure: try again later
  journal_unavailable,
  fenced,    ///< another node owns this partition now
  not_ready, ///< replaying or draining
  not_found,
  rejected_row, ///< the database will never take these bytes
  store_failed,
  provider_unavailable,
  permit_expired,
  shutting_down
};
template <>
struct enum_names<errc> {
  static constexpr std::array<std::string_view, 11> values{
      "none",           "overloaded",   "journal_unavailable",
      "fenced",         "not_ready",    "not_found",
      "rejected_row",   "store_failed", "provider_unavailable",
      "permit_expired", "shutting_down"};
};

/// Wraps a code; `context` is for logs.
caf::error make_error(errc code, std::string context = {});

/// The code of an error of ours, `errc::none` for any other.
errc code_of(const caf::error& e) noexcept;

/// Words for a log line.
std::string render(const caf::error& e);

} // namespace carillon
