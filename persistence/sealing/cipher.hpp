#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::persistence {

/// A key of AES-256.
using key_bytes = std::array<unsigned char, 32>;

/// What a sealed text is longer than its plain text: version, nonce (96 bits), tag (128 bits).
inline constexpr std::size_t seal_overhead = 1 + 12 + 16;

/// AES-256-GCM (NIST SP 800-38D) with a random nonce; appends version, nonce, ciphertext and tag to
/// `out`. `context` is authenticated and not stored. Throws std::runtime_error if OpenSSL fails.
void seal_into(const key_bytes& key, std::string_view plain, std::string_view context,
               std::string& out);

/// As `seal_into`, with the nonce given (12 bytes): for test vectors only.
void seal_with_nonce(const key_bytes& key, std::string_view nonce, std::string_view plain,
                     std::string_view context, std::string& out);

/// The plain text, or nothing if key, context or bytes do not fit.
std::optional<std::string> open_sealed(const key_bytes& key, std::string_view sealed,
                                       std::string_view context);

/// Fills `out` with random bytes from the operating system's generator.
void random_bytes(unsigned char* out, std::size_t count);

/// HMAC-SHA256 (RFC 2104) of the text.
std::array<unsigned char, 32> keyed_hash(std::string_view key, std::string_view text);

} // namespace carillon::persistence
