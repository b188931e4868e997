#include "adapters/http/routes/token.hpp"

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>

namespace carillon::http {

namespace {

using nlohmann::json;

constexpr std::string_view alphabet
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view header_text = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view issuer = "carillon";

std::int64_t seconds_of(timestamp t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

bool is_hs256(std::string_view header) {
  const auto parsed = json::parse(header, nullptr, false);
  return parsed.is_object() && parsed.value("alg", "") == "HS256" && !parsed.contains("crit");
}

std::optional<token_claims> claims_of(std::string_view payload) {
  const auto parsed = json::parse(payload, nullptr, false);
  if (!parsed.is_object())
    return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = parsed.find(name);
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  const auto expires = parsed.find("exp");
  if (expires == parsed.end() || !expires->is_number_integer() || text("iss") != issuer)
    return std::nullopt;
  token_claims result{text("tenant"), text("sub"),
                      timestamp{std::chrono::seconds{expires->get<std::int64_t>()}}};
  if (result.tenant.empty() || result.recipient.empty())
    return std::nullopt;
  return result;
}

} // namespace

std::string to_base64url(std::string_view bytes) {
  std::string result;
  result.reserve((bytes.size() * 4 + 2) / 3);
  unsigned held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6)
      result.push_back(alphabet[(held >> (bits - 6)) & 63]);
  }
  if (bits > 0)
    result.push_back(alphabet[(held << (6 - bits)) & 63]);
  return result;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string result;
  result.reserve(text.size() * 3 / 4);
  unsigned held = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos)
      return std::nullopt;
    held = (held << 6) | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      result.push_back(static_cast<char>((held >> bits) & 255));
    }
  }
  if (bits >= 6 || (held & ((1U << bits) - 1)) != 0) // a token has one form only
    return std::nullopt;
  return result;
}

token_signer::token_signer(std::string secret) : secret_(std::move(secret)) {
  // nop
}

std::string token_signer::signature_of(std::string_view text) const {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string token_signer::sign(const token_claims& claims, timestamp issued_at) const {
  const json payload = {{"iss", issuer},
                        {"tenant", claims.tenant},
                        {"sub", claims.recipient},
                        {"iat", seconds_of(issued_at)},
                        {"exp", seconds_of(claims.expires_at)}};
  auto text = to_base64url(header_text) + "." + to_base64url(payload.dump());
  return text + "." + to_base64url(signature_of(text));
}

std::optional<token_claims> token_signer::verify(std::string_view token, timestamp now) const {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.size() > 4096 || secret_.empty())
    return std::nullopt;
  const auto signature = from_base64url(token.substr(second + 1));
  const auto expected = signature_of(token.substr(0, second));
  if (!signature || signature->size() != expected.size()
      || CRYPTO_memcmp(signature->data(), expected.data(), expected.size()) != 0)
    return std::nullopt;
  const auto header = from_base64url(token.substr(0, first));
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  if (!header || !payload || !is_hs256(*header))
    return std::nullopt;
  auto claims = claims_of(*payload);
  if (!claims || claims->expires_at <= now)
    return std::nullopt;
  return claims;
}

} // namespace carillon::http
