// The schemas behind /openapi.json, as JSON Schema 2020-12. Bodies that clients send are closed
// (unknown fields are errors); answers are open, so that fields can be added.

#include "messages/enums.hpp"

#include "adapters/http/routes/openapi.hpp"

#include <nlohmann/json.hpp>

#include <span>

namespace carillon::http {

namespace {

using nlohmann::json;

// clang-format off
constexpr std::string_view request_schemas = R"json({
  "CloudEvent": {"type":"object","description":"CloudEvents 1.0 in JSON format; extension attributes are kept.",
    "required":["specversion","id","source","type"],
    "properties":{"specversion":{"const":"1.0"},"id":{"type":"string","minLength":1,"maxLength":512},
      "source":{"type":"string","minLength":1},"type":{"type":"string","minLength":1,"maxLength":256},
      "subject":{"type":"string"},"time":{"type":"string","format":"date-time"},
      "datacontenttype":{"type":"string"},"data":{"type":"object"}},
    "additionalProperties":{"type":["string","boolean","integer"]}},
  "Event": {"anyOf":[{"$ref":"#/components/schemas/CloudEvent"},
    {"type":"array","maxItems":1000,"items":{"$ref":"#/components/schemas/CloudEvent"}},{"type":"object"}]},
  "Duration": {"type":"string","pattern":"^[0-9]+(ms|s|min|m|h|d|w)$"},
  "Step": {"type":"object","required":["channel"],"additionalProperties":false,
    "properties":{"channel":{"$ref":"#/components/schemas/Channel"},"timeout":{"$ref":"#/components/schemas/Duration"},
      "until":{"enum":["sent","delivered","read"]},"on_hold":{"enum":["wait","next"]}}},
  "Delivery": {"type":"object","required":["channels"],"additionalProperties":false,
    "properties":{"strategy":{"enum":["fallback","all","preferred"]},
      "channels":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Step"}}}},
  "Action": {"type":"object","properties":{"id":{"type":"string"},"label":{"type":"string"}}},
  "EmailBody": {"type":"object","additionalProperties":false,
    "properties":{"subject":{"type":"string"},"html":{"type":"string"},"text":{"type":"string"},
      "cc":{"type":["array","string"]},"bcc":{"type":["array","string"]},"reply_to":{"type":"string"},
      "headers":{"type":"object"},
      "attachments":{"type":"array","items":{"type":"object","properties":{"filename":{"type":"string"},
        "content_type":{"type":"string"},"base64":{"type":"string"}}}},
      "calendar":{"type":"object","properties":{"start":{"type":"string"},"end":{"type":"string"},
        "summary":{"type":"string"},"location":{"type":"string"}}}}},
  "Content": {"type":"object","additionalProperties":false,
    "properties":{"sms":{"type":"object","properties":{"text":{"type":"string"}}},
      "email":{"$ref":"#/components/schemas/EmailBody"},
      "push":{"type":"object","properties":{"title":{"type":"string"},"body":{"type":"string"}}},
      "whatsapp":{"type":"object"},"webhook":{"type":"object"},
      "in_app":{"type":"object","properties":{"title":{"type":"string"},"body":{"type":"string"},
        "actions":{"type":"array","items":{"$ref":"#/components/schemas/Action"}}}}}},
  "NotificationRequest": {"type":"object","required":["recipient_id","category"],"additionalProperties":false,
    "anyOf":[{"required":["content"]},{"required":["template"]}],
    "properties":{"recipient_id":{"type":"string","minLength":1,"maxLength":256},"type":{"type":"string"},
      "category":{"$ref":"#/components/schemas/Category"},"priority":{"$ref":"#/components/schemas/Priority"},
      "delivery":{"$ref":"#/components/schemas/Delivery"},"template":{"type":"string"},"data":{"type":"object"},
      "content":{"$ref":"#/components/schemas/Content"},"send_at":{"type":"string","format":"date-time"},
      "expires_at":{"type":"string","format":"date-time"},"correlation_key":{"type":"string"}}},
  "RuleNotification": {"type":"object","required":["type","category","recipient"],
    "properties":{"type":{"type":"string"},"category":{"$ref":"#/components/schemas/Category"},
      "priority":{"$ref":"#/components/schemas/Priority"},"template":{"type":"string"},
      "recipient":{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}},
        {"type":"object","required":["role"]},{"type":"object","required":["segment"]}]},
      "timing":{"type":"string"},"delivery":{"$ref":"#/components/schemas/Delivery"},
      "expires":{"$ref":"#/components/schemas/Duration"},"correlation_key":{"type":"string"},
      "content":{"$ref":"#/components/schemas/Content"}}},
  "Rule": {"type":"object","required":["event"],
    "properties":{"event":{"type":"string"},"when":{"type":"object"},
      "notifications":{"type":"array","items":{"$ref":"#/components/schemas/RuleNotification"}},
      "cancels":{"type":"array","items":{"type":"string"}},"reschedules":{"type":"array","items":{"type":"string"}}}},
  "DryRunRequest": {"type":"object","required":["event"],"additionalProperties":false,
    "properties":{"event":{"type":"object"},"rule":{"$ref":"#/components/schemas/Rule"},
      "at":{"type":"string","format":"date-time"},"profile":{"$ref":"#/components/schemas/Recipient"},
      "preferences":{"$ref":"#/components/schemas/Preferences"}}},
  "Template": {"type":"object","required":["channels"],"additionalProperties":false,
    "properties":{"locale":{"type":"string"},"channels":{"$ref":"#/components/schemas/Content"},
      "variables":{"type":"array","items":{"type":"object","required":["name"],
        "properties":{"name":{"type":"string"},"type":{"type":"string"},"required":{"type":"boolean"},"default":{},
          "phi":{"type":["boolean","string"]}}}}}},
  "PreviewRequest": {"type":"object","additionalProperties":false,
    "properties":{"locale":{"type":"string"},"recipient_id":{"type":"string"},"data":{"type":"object"},
      "profile":{"$ref":"#/components/schemas/Recipient"},"version":{"type":"integer","minimum":1}}},
  "Recipient": {"type":"object",
    "properties":{"name":{"type":"string"},"first_name":{"type":"string"},"locale":{"type":"string"},
      "timezone":{"type":"string"},"organization":{"type":"string"},"provider":{"type":"string"},
      "roles":{"type":"array","items":{"type":"string"}},
      "contacts":{"type":"object","properties":{"sms":{"type":"string"},"email":{"type":"string"},
        "whatsapp":{"type":"string"}}},
      "attributes":{"type":"object"}}},
  "Device": {"type":"object","required":["platform"],
    "properties":{"platform":{"enum":["fcm","apns","webpush"]}}},
  "Consent": {"type":"object","required":["channel","purpose","status"],
    "properties":{"channel":{"$ref":"#/components/schemas/Channel"},"purpose":{"enum":["transactional","marketing"]},
      "status":{"enum":["opted_in","opted_out","pending"]},"method":{"type":"string"},"source":{"type":"string"},
      "text":{"type":"string"},"ip":{"type":"string"},"user_agent":{"type":"string"},
      "expires_at":{"type":["string","null"],"format":"date-time"}}},
  "Preferences": {"type":"object",
    "properties":{"global_opt_out":{"type":"boolean"},
      "channels":{"type":"object","additionalProperties":{"type":"object","properties":{"enabled":{"type":"boolean"},
        "categories":{"type":"object","additionalProperties":{"type":"boolean"}}}}},
      "categories":{"type":"object","additionalProperties":{"type":"boolean"}},
      "quiet_hours":{"type":"object","properties":{"enabled":{"type":"boolean"},
        "start":{"type":"string","pattern":"^[0-2][0-9]:[0-5][0-9]$"},
        "end":{"type":"string","pattern":"^[0-2][0-9]:[0-5][0-9]$"},"timezone":{"type":"string"},
        "channels":{"type":"array","items":{"$ref":"#/components/schemas/Channel"}},
        "exceptions":{"type":"array","items":{"type":"string"}}}},
      "do_not_disturb":{"type":"object","properties":{"enabled":{"type":"boolean"},"until":{"type":["string","null"]}}},
      "frequency":{"type":"object","additionalProperties":{"type":"string"}},
      "digest":{"type":"object","additionalProperties":{"type":"string"}},"language":{"type":"string"},
      "preferred_channels":{"type":"array","items":{"$ref":"#/components/schemas/Channel"}}}},
  "PreferencesOrResolved": {"type":"object","description":"With ?resolved=true each field says which layer it is from."},
  "TokenRequest": {"type":"object","additionalProperties":false,
    "properties":{"expires_in":{"$ref":"#/components/schemas/Duration"}}},
  "DeadLetterFilter": {"type":"object","additionalProperties":false,
    "properties":{"type":{"type":"string"},"channel":{"$ref":"#/components/schemas/Channel"},"reason":{"type":"string"},
      "since":{"type":"string","format":"date-time"},"until":{"type":"string","format":"date-time"},
      "cursor":{"type":"string"}}},
  "DiscardRequest": {"type":"object","additionalProperties":false,"properties":{"reason":{"type":"string"}}},
  "ActRequest": {"type":"object","required":["action"],"additionalProperties":false,
    "properties":{"action":{"type":"string","minLength":1}}},
  "Empty": {"type":"object","additionalProperties":false},
  "Callback": {"description":"In the provider's own form."}
})json";

constexpr std::string_view answer_schemas = R"json({
  "Problem": {"type":"object","description":"RFC 9457","required":["type","title","status","detail"],
    "properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},
      "detail":{"type":"string"},"instance":{"type":"string"},
      "errors":{"type":"array","items":{"type":"object","required":["pointer","message"],
        "properties":{"pointer":{"type":"string"},"message":{"type":"string"}}}}}},
  "EventAccepted": {"type":"object","required":["event_id","duplicate","notifications"],
    "properties":{"event_id":{"type":"string"},"duplicate":{"type":"boolean"},"fan_out":{"type":"string"},
      "notifications":{"type":"array","items":{"type":"object","required":["id","recipient_id","type","status"],
        "properties":{"id":{"type":"string","format":"uuid"},"recipient_id":{"type":"string"},
          "type":{"type":"string"},"status":{"$ref":"#/components/schemas/Status"}}}}}},
  "EventsAccepted": {"anyOf":[{"$ref":"#/components/schemas/EventAccepted"},
    {"type":"object","required":["items"],"properties":{"items":{"type":"array","items":{
      "anyOf":[{"$ref":"#/components/schemas/EventAccepted"},{"$ref":"#/components/schemas/Problem"}]}}}}]},
  "Attempt": {"type":"object","properties":{"number":{"type":"integer"},
    "channel":{"$ref":"#/components/schemas/Channel"},"provider":{"type":"string"},"status":{"type":"string"},
    "provider_message_id":{"type":["string","null"]},"error_class":{"type":["string","null"]},
    "error_code":{"type":["string","null"]},"started_at":{"type":["string","null"]},
    "finished_at":{"type":["string","null"]},"retry_at":{"type":["string","null"]}}},
  "Notification": {"type":"object","required":["id","event_id","recipient_id","type","category","priority","status",
      "channel","reason","created_at","updated_at","send_at","expires_at"],
    "properties":{"id":{"type":"string","format":"uuid"},"event_id":{"type":["string","null"]},
      "recipient_id":{"type":"string"},"type":{"type":"string"},"category":{"$ref":"#/components/schemas/Category"},
      "priority":{"$ref":"#/components/schemas/Priority"},"status":{"$ref":"#/components/schemas/Status"},
      "channel":{"type":["string","null"]},"reason":{"type":["string","null"]},
      "created_at":{"type":["string","null"]},"updated_at":{"type":["string","null"]},
      "send_at":{"type":["string","null"]},"expires_at":{"type":["string","null"]},
      "steps":{"type":"array","items":{"type":"object","properties":{"channel":{"$ref":"#/components/schemas/Channel"},
        "status":{"$ref":"#/components/schemas/Status"},"reason":{"type":["string","null"]}}}},
      "attempts":{"type":"array","items":{"$ref":"#/components/schemas/Attempt"}}}},
  "Timeline": {"type":"object","required":["items"],"properties":{"items":{"type":"array","items":{"type":"object",
    "required":["sequence","at","type"],"properties":{"sequence":{"type":"integer"},"at":{"type":"string"},
      "type":{"type":"string"},"channel":{"type":["string","null"]},"provider":{"type":["string","null"]},
      "reason":{"type":["string","null"]},"until":{"type":["string","null"]},"attempt":{"type":["integer","null"]}}}}}},
  "Explanation": {"type":"object","required":["sentences","decisions"],
    "properties":{"sentences":{"type":"array","items":{"type":"string"}},"decisions":{"type":"array",
      "items":{"type":"object","properties":{"at":{"type":"string"},"step":{"type":"integer"},
        "channel":{"type":"string"},"check":{"type":"string"},
        "verdict":{"enum":["pass","hold","divert","suppress"]},"reason":{"type":["string","null"]},
        "until":{"type":["string","null"]},"layer":{"type":["string","null"]},"inputs":{}}}}}},
  "CancelResult": {"type":"object","required":["result"],
    "properties":{"result":{"enum":["cancelled","already_sent","outcome_unknown"]}}},
  "ReplayResult": {"type":"object","required":["replayed","refused"],"properties":{"replayed":{"type":"integer"},
    "refused":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"},
      "detail":{"type":"string"}}}},"next_cursor":{"type":["string","null"]}}},
  "DryRunResult": {"type":"object","required":["notifications"],
    "properties":{"notifications":{"type":"array","items":{"type":"object"}}}},
  "TemplateVersion": {"type":"object","properties":{"name":{"type":"string"},"version":{"type":"integer"},
    "state":{"enum":["draft","active","archived"]}}},
  "Preview": {"type":"object","description":"One member a channel."},
  "Token": {"type":"object","required":["token","expires_at"],
    "properties":{"token":{"type":"string"},"expires_at":{"type":"string","format":"date-time"}}},
  "InboxItem": {"type":"object","required":["id"],"properties":{"id":{"type":"string","format":"uuid"},
    "offset":{"type":"integer"},"type":{"type":"string"},"title":{"type":"string"},"body":{"type":"string"}}},
  "Inbox": {"type":"object","required":["items"],"properties":{"items":{"type":"array",
    "items":{"$ref":"#/components/schemas/InboxItem"}},"unread":{"type":"integer"},
    "next_cursor":{"type":["string","null"]}}},
  "InboxChange": {"type":"object"},
  "Health": {"type":"object","required":["status"],"properties":{"status":{"type":"string"},
    "details":{"type":"object"}}},
  "Metrics": {"type":"string"},
  "Stream": {"type":"string"},
  "Document": {"type":"object"}
})json";

constexpr std::string_view query_parameters = R"json({
  "recipient_id":{"type":"string"},"status":{"$ref":"#/components/schemas/Status"},"type":{"type":"string"},
  "channel":{"$ref":"#/components/schemas/Channel"},"reason":{"type":"string"},
  "since":{"type":"string","format":"date-time"},"until":{"type":"string","format":"date-time"},
  "limit":{"type":"integer","minimum":1,"maximum":200,"default":50},"cursor":{"type":"string"},
  "state":{"enum":["unread","read","archived"]},"q":{"type":"string"},"access_token":{"type":"string"},
  "resolved":{"type":"boolean","default":false},"verbose":{"type":"boolean","default":false}
})json";
// clang-format on

json names(std::span<const std::string_view> values) {
  json result = {{"type", "string"}, {"enum", json::array()}};
  for (const auto value : values)
    result["enum"].push_back(value);
  return result;
}

/// A page of a list.
json list_of(const std::string& schema) {
  return {{"type", "object"},
          {"required", json::array({"items"})},
          {"properties",
           {{"items", {{"type", "array"}, {"items", {{"$ref", "#/components/schemas/" + schema}}}}},
            {"next_cursor", {{"type", json::array({"string", "null"})}}},
            {"as_of", {{"type", json::array({"string", "null"})}}}}}};
}

} // namespace

json openapi_components() {
  auto schemas = json::parse(request_schemas);
  schemas.update(json::parse(answer_schemas));
  schemas["Channel"] = names(enum_names<channel>::values);
  schemas["Category"] = names(enum_names<category>::values);
  schemas["Priority"] = names(enum_names<priority>::values);
  schemas["Status"] = names(enum_names<status>::values);
  schemas["NotificationList"] = list_of("Notification");
  schemas["DeadLetterList"] = list_of("Notification");
  schemas["RuleList"] = list_of("Rule");
  schemas["TemplateList"] = list_of("TemplateVersion");
  schemas["ConsentList"] = list_of("Consent");
  auto parameters = json::object();
  const auto known = json::parse(query_parameters);
  for (const auto& [name, schema] : known.items())
    parameters[name] = {{"name", name}, {"in", "query"}, {"required", false}, {"schema", schema}};
  return {{"schemas", std::move(schemas)},
          {"parameters", std::move(parameters)},
          {"securitySchemes",
           {{"key", {{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key."}}},
            {"recipient",
             {{"type", "http"},
              {"scheme", "bearer"},
              {"bearerFormat", "JWT"},
              {"description", "POST /v1/recipients/{id}/tokens makes one."}}}}}};
}

} // namespace carillon::http
