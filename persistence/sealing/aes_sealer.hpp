#pragma once

#include "messages/sealing.hpp"

#include "persistence/sealing/cipher.hpp"

namespace carillon::persistence {

/// The cipher behind the sealing port: a data key per recipient, wrapped by the master key. Lives
/// as long as the process; holds nothing but the master key, so any thread may use it.
class aes_sealer final : public sealer {
public:
  explicit aes_sealer(const key_bytes& master);

  std::string make_key() override;
  std::string seal(std::string_view wrapped_key, std::string_view plain,
                   std::string_view context) override;
  std::optional<std::string> unseal(std::string_view wrapped_key, std::string_view sealed,
                                    std::string_view context) override;

  /// A hash that only holders of the master key can make: for the suppression list and look-ups by
  /// contact point. `purpose` separates the uses.
  std::array<unsigned char, 32> lookup_hash(std::string_view purpose, std::string_view text) const;

  /// Tells one master key from another without telling the key; kept in the database.
  std::string fingerprint() const;

private:
  std::optional<key_bytes> unwrap(std::string_view wrapped_key) const;

  key_bytes master_;
};

} // namespace carillon::persistence
