#include "persistence/sealing/cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace carillon::persistence {

namespace {

constexpr char version = 1;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

void require(int result, const char* what) {
  if (result != 1)
    throw std::runtime_error(std::string{"OpenSSL: "} + what);
}

unsigned char* bytes(std::string& text, std::size_t at) {
  return reinterpret_cast<unsigned char*>(text.data()) + at;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// One context a thread: making one costs more than sealing a short text.
EVP_CIPHER_CTX* context_of_thread() {
  struct holder {
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    holder() {
      if (cipher == nullptr || context == nullptr)
        throw std::runtime_error("OpenSSL: AES-256-GCM is not there");
      require(EVP_CipherInit_ex2(context, cipher, nullptr, nullptr, 1, nullptr), "init");
    }
    ~holder() {
      EVP_CIPHER_CTX_free(context);
      EVP_CIPHER_free(cipher);
    }
  };
  static thread_local holder held;
  return held.context;
}

// The generator's cost is per call: take nonces for many at a time.
void next_nonce(unsigned char* out) {
  struct pool {
    std::array<unsigned char, 128 * nonce_size> bytes;
    std::size_t used = 128 * nonce_size;
  };
  static thread_local pool nonces;
  if (nonces.used == nonces.bytes.size()) {
    random_bytes(nonces.bytes.data(), nonces.bytes.size());
    nonces.used = 0;
  }
  std::memcpy(out, nonces.bytes.data() + nonces.used, nonce_size);
  nonces.used += nonce_size;
}

} // namespace

void random_bytes(unsigned char* out, std::size_t count) {
  require(RAND_bytes(out, static_cast<int>(count)), "random bytes");
}

void seal_with_nonce(const key_bytes& key, std::string_view nonce, std::string_view plain,
                     std::string_view context, std::string& out) {
  auto* cipher = context_of_thread();
  auto start = out.size();
  out.resize(start + seal_overhead + plain.size());
  out[start] = version;
  std::memcpy(out.data() + start + 1, nonce.data(), nonce_size);
  require(EVP_EncryptInit_ex2(cipher, nullptr, key.data(), bytes(nonce), nullptr), "key");
  int written = 0;
  if (!context.empty())
    require(EVP_EncryptUpdate(cipher, nullptr, &written, bytes(context),
                              static_cast<int>(context.size())),
            "context");
  auto* target = bytes(out, start + 1 + nonce_size);
  if (!plain.empty())
    require(
        EVP_EncryptUpdate(cipher, target, &written, bytes(plain), static_cast<int>(plain.size())),
        "encrypt");
  require(EVP_EncryptFinal_ex(cipher, target + plain.size(), &written), "finish");
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size),
                              target + plain.size()),
          "tag");
}

void seal_into(const key_bytes& key, std::string_view plain, std::string_view context,
               std::string& out) {
  std::array<unsigned char, nonce_size> nonce;
  next_nonce(nonce.data());
  seal_with_nonce(key, {reinterpret_cast<const char*>(nonce.data()), nonce.size()}, plain, context,
                  out);
}

std::optional<std::string> open_sealed(const key_bytes& key, std::string_view sealed,
                                       std::string_view context) {
  if (sealed.size() < seal_overhead || sealed[0] != version)
    return std::nullopt;
  auto nonce = sealed.substr(1, nonce_size);
  auto text = sealed.substr(1 + nonce_size, sealed.size() - seal_overhead);
  std::string tag{sealed.substr(sealed.size() - tag_size)};
  std::string plain(text.size(), '\0');
  auto* cipher = context_of_thread();
  int written = 0;
  bool fits
      = EVP_DecryptInit_ex2(cipher, nullptr, key.data(), bytes(nonce), nullptr) == 1
        && (context.empty()
            || EVP_DecryptUpdate(cipher, nullptr, &written, bytes(context),
                                 static_cast<int>(context.size()))
                   == 1)
        && (text.empty()
            || EVP_DecryptUpdate(cipher, bytes(plain, 0), &written, bytes(text),
                                 static_cast<int>(text.size()))
                   == 1)
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data())
               == 1
        && EVP_DecryptFinal_ex(cipher, bytes(plain, plain.size()), &written) == 1;
  if (!fits)
    return std::nullopt;
  return plain;
}

std::array<unsigned char, 32> keyed_hash(std::string_view key, std::string_view text) {
  std::array<unsigned char, 32> result;
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(),
           result.data(), &length)
      == nullptr)
    throw std::runtime_error("OpenSSL: HMAC");
  return result;
}

} // namespace carillon::persistence
