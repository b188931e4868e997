#include "actors/profile/consent_json.hpp"

#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

using nlohmann::json;

consent parse_consent(const recipient_id& recipient, const json& body, problem_items& problems) {
  consent out;
  auto& entry = out.entry;
  object_reader in{body, "", problems};
  auto one_of = [&](const char* name, std::initializer_list<std::string_view> allowed,
                    const char* message) {
    auto word = in.required_text(name, 32);
    if (!word.empty() && std::find(allowed.begin(), allowed.end(), word) == allowed.end())
      in.problem(name, message);
    return word;
  };
  entry.recipient = recipient;
  if (auto on = in.choice<channel>("channel"))
    entry.on = *on;
  else if (in.ok() && !in.find("channel"))
    in.problem("channel", "is required");
  entry.purpose
      = one_of("purpose", {"transactional", "marketing"}, "must be one of transactional marketing");
  entry.consent_status = one_of("status", {"opted_in", "opted_out", "pending"},
                                "must be one of opted_in opted_out pending");
  entry.method = in.text("method", 256);
  entry.source = in.text("source", 256);
  entry.expires_at = in.time("expires_at").value_or(no_time);
  auto hidden = json::object();
  for (const char* name : {"ip", "user_agent", "text"})
    if (auto word = in.text(name, 8192); !word.empty())
      hidden[name] = word;
  in.refuse_others();
  if (!hidden.empty())
    out.protected_text = hidden.dump();
  return out;
}

json to_json(const consent_recorded& entry, timestamp at, const std::string& protected_text) {
  auto out = json::object();
  if (!protected_text.empty())
    if (auto hidden = json::parse(protected_text, nullptr, false); hidden.is_object())
      out = std::move(hidden);
  out["channel"] = to_string(entry.on);
  out["purpose"] = entry.purpose;
  out["status"] = entry.consent_status;
  out["recorded_at"] = to_rfc3339(at);
  if (!entry.method.empty())
    out["method"] = entry.method;
  if (!entry.source.empty())
    out["source"] = entry.source;
  if (entry.expires_at != no_time)
    out["expires_at"] = to_rfc3339(entry.expires_at);
  return out;
}

} // namespace carillon
