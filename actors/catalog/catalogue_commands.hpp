#pragma once

#include "messages/local.hpp"

#include "actors/catalog/catalogue_model.hpp"

#include <vector>

namespace carillon {

/// What a command comes to: a finished answer, or rows that have to be saved and applied before it
/// may leave.
struct catalogue_decision {
  answer reply;
  std::vector<catalogue_row> rows;
};

/// Decides a command against the current catalogue. Pure.
catalogue_decision decide(const catalogue_model& model, const catalogue_command& command,
                          timestamp now);

/// The parts of it, one file each.
catalogue_decision decide_rule(const tenant_entries& entries, const catalogue_command& command);
catalogue_decision decide_template(const tenant_entries& entries, const catalogue_command& command);
catalogue_decision decide_preferences(const tenant_entries& entries,
                                      const catalogue_command& command);
answer dry_run(const tenant_catalogue& catalogue, const nlohmann::json& body, timestamp now);

// -- answers
// ----------------------------------------------------------------------------------------

catalogue_decision reply_with(answer::kind what, std::string detail);
catalogue_decision reply_with(problem_items problems);
catalogue_decision reply_with(const nlohmann::json& body, std::uint64_t version);

/// Whether If-Match forbids the change.
bool is_stale(const catalogue_command& command, std::uint64_t current) noexcept;

/// Names of things in the catalogue: 1 to 128 letters, digits and `._-`, as they stand in paths.
bool is_catalogue_name(std::string_view name) noexcept;

} // namespace carillon
