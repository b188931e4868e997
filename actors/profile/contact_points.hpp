#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// The E.164 form of a phone number written with its country code, if it has a possible length for
/// that country.
std::optional<std::string> normalize_phone(std::string_view text);

/// Whether it can be an address: one `@`, a local part of 1 to 64 bytes, a host name (RFC 5321
/// section 4.5.3.1).
bool is_email(std::string_view text) noexcept;

/// A language tag as in `es-MX` (RFC 5646, its outer form only).
bool is_locale(std::string_view text) noexcept;

/// 1 to 256 bytes of UTF-8 without control characters.
bool is_recipient_id(std::string_view text) noexcept;

} // namespace carillon
