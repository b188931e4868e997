#include "adapters/http/routes/authenticator.hpp"

#include "adapters/http/server/query.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace carillon::http {

namespace {

constexpr std::string_view stream_path = "/v1/stream";

std::string_view bearer_in(std::string_view authorization) {
  constexpr std::size_t scheme = 7;
  if (authorization.size() <= scheme || !same_text(authorization.substr(0, scheme), "Bearer "))
    return {};
  auto rest = authorization.substr(scheme);
  while (rest.starts_with(' '))
    rest.remove_prefix(1);
  return rest;
}

/// The subprotocols of a WebSocket are the one place where a browser's script can put a token.
std::string_view bearer_protocol(std::string_view protocols) {
  constexpr std::string_view prefix = "bearer.";
  while (!protocols.empty()) {
    const auto end = protocols.find(',');
    auto item = protocols.substr(0, end);
    protocols = end == std::string_view::npos ? std::string_view{} : protocols.substr(end + 1);
    while (item.starts_with(' '))
      item.remove_prefix(1);
    while (item.ends_with(' '))
      item.remove_suffix(1);
    if (item.starts_with(prefix))
      return item.substr(prefix.size());
  }
  return {};
}

} // namespace

std::string credentials_of(const request& what, bool stream) {
  if (const auto found = bearer_in(what.header("authorization")); !found.empty() || !stream)
    return std::string{found};
  if (const auto found = bearer_protocol(what.header("sec-websocket-protocol")); !found.empty())
    return std::string{found};
  return std::string{query_values{what.query}.get("access_token").value_or("")};
}

authenticator::authenticator(std::string_view bootstrap_key, token_signer tokens, const clock* now)
    : has_bootstrap_(!bootstrap_key.empty()), tokens_(std::move(tokens)), now_(now) {
  if (has_bootstrap_)
    bootstrap_ = hash_of(bootstrap_key);
}

authenticator::digest authenticator::hash_of(std::string_view text) {
  digest result{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

std::optional<principal> authenticator::who_is(std::string_view credentials) const {
  principal result;
  if (!now_)
    return std::nullopt; // a standby knows nobody
  if (std::count(credentials.begin(), credentials.end(), '.') == 2) {
    auto claims = tokens_.verify(credentials, now_->now());
    if (!claims)
      return std::nullopt;
    result.who = principal::kind::recipient;
    result.tenant = std::move(claims->tenant);
    result.recipient_id = std::move(claims->recipient);
    return result;
  }
  const auto hash = hash_of(credentials);
  if (!has_bootstrap_ || CRYPTO_memcmp(hash.data(), bootstrap_.data(), hash.size()) != 0)
    return std::nullopt;
  result.who = principal::kind::key;
  result.tenant = "default";
  result.role = "admin";
  result.key_id = "bootstrap";
  return result;
}

std::optional<problem> authenticator::admit(const route& to, request& what) const {
  if (to.who == access::open)
    return std::nullopt;
  const auto credentials = credentials_of(what, to.pattern == stream_path);
  if (credentials.empty())
    return unauthorized("an API key or a recipient's token is needed: Authorization: Bearer ...");
  auto caller = who_is(credentials);
  if (!caller)
    return unauthorized("the API key or token is not valid, or no longer");
  what.caller = std::move(*caller);
  if (what.caller.who == principal::kind::key)
    return std::nullopt;
  if (to.who == access::key)
    return forbidden("a recipient's token does not open this route");
  // Routes about one recipient name them first; a token opens its own only.
  if (to.pattern.starts_with("/v1/recipients/") && what.parameter(0) != what.caller.recipient_id)
    return forbidden("a recipient's token opens the recipient's own things only");
  return std::nullopt;
}

} // namespace carillon::http
