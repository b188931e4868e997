#pragma once

#include <string>
#include <string_view>

namespace carillon::providers {

/// Standard base64 with padding (RFC 4648, 4).
std::string base64(std::string_view bytes);

/// Base64 of HMAC-SHA1 (RFC 2104); empty if the crypto library fails.
std::string hmac_sha1_base64(std::string_view key, std::string_view text);

/// Compares without telling by its time where the two differ; their lengths are not secret.
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

} // namespace carillon::providers
