#include "persistence/sealing/aes_sealer.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <cstring>
#include <stdexcept>

namespace carillon::persistence {

namespace {

// What a wrapped key is authenticated with: it can stand for nothing else.
constexpr std::string_view wrap_context = "carillon data key";

} // namespace

aes_sealer::aes_sealer(const key_bytes& master) : master_(master) {}

std::string aes_sealer::make_key() {
  key_bytes key;
  random_bytes(key.data(), key.size());
  std::string wrapped;
  seal_into(master_, {reinterpret_cast<const char*>(key.data()), key.size()}, wrap_context,
            wrapped);
  OPENSSL_cleanse(key.data(), key.size());
  return wrapped;
}

std::optional<key_bytes> aes_sealer::unwrap(std::string_view wrapped_key) const {
  auto plain = open_sealed(master_, wrapped_key, wrap_context);
  key_bytes key;
  if (!plain || plain->size() != key.size())
    return std::nullopt;
  std::memcpy(key.data(), plain->data(), key.size());
  OPENSSL_cleanse(plain->data(), plain->size());
  return key;
}

std::string aes_sealer::seal(std::string_view wrapped_key, std::string_view plain,
                             std::string_view context) {
  auto key = unwrap(wrapped_key);
  if (!key)
    throw std::invalid_argument("a data key was not wrapped by this master key");
  std::string sealed;
  seal_into(*key, plain, context, sealed);
  OPENSSL_cleanse(key->data(), key->size());
  return sealed;
}

std::optional<std::string> aes_sealer::unseal(std::string_view wrapped_key, std::string_view sealed,
                                              std::string_view context) {
  auto key = unwrap(wrapped_key);
  if (!key)
    return std::nullopt;
  auto plain = open_sealed(*key, sealed, context);
  OPENSSL_cleanse(key->data(), key->size());
  return plain;
}

std::array<unsigned char, 32> aes_sealer::lookup_hash(std::string_view purpose,
                                                      std::string_view text) const {
  std::string_view master{reinterpret_cast<const char*>(master_.data()), master_.size()};
  auto key = keyed_hash(master, purpose);
  return keyed_hash({reinterpret_cast<const char*>(key.data()), key.size()}, text);
}

std::string aes_sealer::fingerprint() const {
  auto hash = lookup_hash("fingerprint", "carillon");
  return fmt::format("{:02x}", fmt::join(hash.begin(), hash.begin() + 8, ""));
}

} // namespace carillon::persistence
