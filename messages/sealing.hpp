#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// The port to the cipher. AES-256-GCM under a key per recipient, wrapped by the master key; the
/// implementation is in persistence/sealing. Thread-safe.
class sealer {
public:
  virtual ~sealer() = default;

  /// A new data key, wrapped. The wrapped form is what is stored and passed around.
  [[nodiscard]] virtual std::string make_key() = 0;

  /// Seals `plain` for `context` (additional authenticated data, e.g. the notification id's bytes).
  [[nodiscard]] virtual std::string seal(std::string_view wrapped_key, std::string_view plain,
                                         std::string_view context)
      = 0;

  /// The plain text, or nothing if key, context or bytes do not fit.
  [[nodiscard]] virtual std::optional<std::string> unseal(std::string_view wrapped_key,
                                                          std::string_view sealed,
                                                          std::string_view context)
      = 0;
};

} // namespace carillon
