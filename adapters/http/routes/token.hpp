#pragma once

#include "messages/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::http {

/// What a recipient's token says.
struct token_claims {
  std::string tenant;
  std::string recipient;
  timestamp expires_at;
};

/// Makes and checks recipients' tokens: JSON Web Tokens (RFC 7519) with HS256. Holds the secret;
/// thread-safe.
class token_signer {
public:
  explicit token_signer(std::string secret);

  /// @returns the compact form.
  std::string sign(const token_claims& claims, timestamp issued_at) const;

  /// @returns the claims, or nothing if signature, form, algorithm or time do not fit.
  std::optional<token_claims> verify(std::string_view token, timestamp now) const;

private:
  std::string signature_of(std::string_view text) const;

  std::string secret_;
};

std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

} // namespace carillon::http
