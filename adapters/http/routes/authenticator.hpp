#pragma once

#include "messages/time.hpp"

#include "adapters/http/routes/token.hpp"
#include "adapters/http/server/router.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::http {

/// Says who is calling and whether the route is open to them. Knows API keys by their hash only.
class authenticator {
public:
  authenticator(std::string_view bootstrap_key, token_signer tokens, const clock* now);

  /// Sets `what.caller`. @returns 401 without or with wrong credentials, 403 where they do not
  /// reach.
  std::optional<problem> admit(const route& to, request& what) const;

  const token_signer& tokens() const {
    return tokens_;
  }

private:
  using digest = std::array<unsigned char, 32>;

  std::optional<principal> who_is(std::string_view credentials) const;

  static digest hash_of(std::string_view text);

  digest bootstrap_{};
  bool has_bootstrap_ = false;
  token_signer tokens_;
  const clock* now_;
};

/// @returns the credentials of a request: `Authorization: Bearer`, or, where a browser cannot set
/// it (a stream), the subprotocol `bearer.<token>` or `?access_token=`.
std::string credentials_of(const request& what, bool stream);

} // namespace carillon::http
