#pragma once

#include "messages/sealing.hpp"

#include <string>

namespace carillon::test {

/// A sealer that hides nothing but still needs the right key and context.
class plain_sealer final : public sealer {
public:
  std::string make_key() override {
    return "key-" + std::to_string(++made_);
  }
  std::string seal(std::string_view key, std::string_view plain,
                   std::string_view context) override {
    return head(key, context) + std::string{plain};
  }
  std::optional<std::string> unseal(std::string_view key, std::string_view sealed,
                                    std::string_view context) override {
    auto expected = head(key, context);
    if (key.empty() || !sealed.starts_with(expected))
      return std::nullopt;
    return std::string{sealed.substr(expected.size())};
  }

private:
  static std::string head(std::string_view key, std::string_view context) {
    return std::string{key} + '|' + std::string{context} + '|';
  }

  int made_ = 0;
};

} // namespace carillon::test
