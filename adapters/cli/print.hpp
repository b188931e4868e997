#pragma once

#include <nlohmann/json_fwd.hpp>

#include <iosfwd>

/// Answers of the API in words. Unknown and absent fields are left out; nothing here fails.
namespace carillon::cli {

void print_event(std::ostream& out, const nlohmann::json& answer);
void print_notification(std::ostream& out, const nlohmann::json& answer);
void print_notifications(std::ostream& out, const nlohmann::json& answer);
void print_timeline(std::ostream& out, const nlohmann::json& answer);
void print_explanation(std::ostream& out, const nlohmann::json& answer);
void print_dry_run(std::ostream& out, const nlohmann::json& answer);
void print_names(std::ostream& out, const nlohmann::json& answer);

/// `result` where there is one, else indented JSON.
void print_result(std::ostream& out, const nlohmann::json& answer);

/// Indented JSON.
void print_json(std::ostream& out, const nlohmann::json& answer);

} // namespace carillon::cli
