#pragma once

#include "tests/harness/http_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace carillon::harness {

/// What a daemon's OpenAPI document promises, to hold its answers against.
class contract {
public:
  explicit contract(const nlohmann::json& document);
  ~contract();

  /// What is wrong with the answer: a route, status or media type that the document does not name,
  /// or a body that its schema refuses. Empty if it agrees.
  [[nodiscard]] std::string mismatch(std::string_view method, std::string_view target,
                                     const http_reply& reply) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace carillon::harness
