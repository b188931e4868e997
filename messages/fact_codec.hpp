#pragma once

#include "messages/facts.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Appends the stored form of a fact: a JSON object of its fields in their order, those at their
/// default left out. Times are microseconds since 1970, durations microseconds, enums their names,
/// hashes hex.
void encode_fact(const fact& f, std::string& out);

/// The schema number that `encode_fact` writes for it.
std::uint16_t schema_of(const fact& f) noexcept;

/// Reads the stored form of any schema ever written; nothing if the text is not one. Unknown fields
/// are passed over, so that an older binary reads what a newer one wrote.
std::optional<fact> decode_fact(fact_type type, std::uint16_t schema, std::string_view body);

} // namespace carillon
