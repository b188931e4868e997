#include "adapters/cli/print.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include <ostream>
#include <string>

namespace carillon::cli {
namespace {

using nlohmann::json;

/// A field as text: strings bare, null and absent as nothing, the rest as JSON.
std::string text(const json& object, const char* key) {
  if (!object.is_object())
    return "";
  auto found = object.find(key);
  if (found == object.end() || found->is_null())
    return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

const json& list(const json& object, const char* key) {
  static const json none = json::array();
  auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_array() ? *found : none;
}

void row(std::ostream& out, std::string_view name, const std::string& value) {
  if (!value.empty())
    fmt::print(out, "{:<11} {}\n", name, value);
}

/// `a b c` from the parts that are not empty.
std::string joined(std::initializer_list<std::string> parts, std::string_view by = " ") {
  std::string line;
  for (const auto& part : parts)
    if (!part.empty())
      line += line.empty() ? part : std::string{by} + part;
  return line;
}

std::string in_brackets(const std::string& value) {
  return value.empty() || value == "none" ? "" : "(" + value + ")";
}

std::string labelled(std::string_view label, const std::string& value) {
  return value.empty() ? "" : fmt::format("{} {}", label, value);
}

void print_one_event(std::ostream& out, const json& answer) {
  if (answer.contains("errors") || answer.contains("title")) {
    fmt::print(out, "refused     {}\n",
               joined({text(answer, "title"), text(answer, "detail")}, ": "));
    for (const auto& each : list(answer, "errors"))
      fmt::print(out, "            {} {}\n", text(each, "pointer"), text(each, "message"));
    return;
  }
  auto known = text(answer, "duplicate") == "true";
  row(out, "event", joined({text(answer, "event_id"), known ? "(already known)" : ""}));
  row(out, "fan-out", text(answer, "fan_out"));
  const auto& planned = list(answer, "notifications");
  if (planned.empty() && text(answer, "fan_out").empty())
    fmt::print(out, "            no rule matched: kept, nothing planned\n");
  for (const auto& each : planned)
    fmt::print(out, "  {}  {:<30} {:<12} to {}\n", text(each, "id"), text(each, "type"),
               text(each, "status"), text(each, "recipient_id"));
}

} // namespace

void print_event(std::ostream& out, const json& answer) {
  if (answer.contains("items"))
    for (const auto& each : list(answer, "items"))
      print_one_event(out, each);
  else
    print_one_event(out, answer);
}

void print_notification(std::ostream& out, const json& answer) {
  row(out, "id", text(answer, "id"));
  row(out, "type", joined({text(answer, "type"), labelled("for", text(answer, "recipient_id"))}));
  row(out, "status",
      joined({text(answer, "status"), labelled("by", text(answer, "channel")),
              in_brackets(text(answer, "reason"))}));
  row(out, "category", joined({text(answer, "category"), text(answer, "priority")}, ", "));
  row(out, "event", text(answer, "event_id"));
  row(out, "created", text(answer, "created_at"));
  row(out, "due", text(answer, "send_at"));
  row(out, "expires", text(answer, "expires_at"));
  for (const auto& step : list(answer, "steps"))
    row(out, "step",
        joined({text(step, "channel"), text(step, "status"), in_brackets(text(step, "reason"))}));
  for (const auto& attempt : list(answer, "attempts"))
    row(out, "attempt",
        joined({text(attempt, "number"), labelled("by", text(attempt, "provider")),
                text(attempt, "status"), text(attempt, "provider_message_id"),
                in_brackets(joined({text(attempt, "error_class"), text(attempt, "error_code")})),
                labelled("at", text(attempt, "started_at")),
                labelled("again at", text(attempt, "retry_at"))}));
}

void print_notifications(std::ostream& out, const json& answer) {
  for (const auto& each : list(answer, "items"))
    fmt::print(out, "{}  {:<15} {:<9} {:<30} {} {}\n", text(each, "id"), text(each, "status"),
               text(each, "channel"), text(each, "type"), text(each, "recipient_id"),
               in_brackets(text(each, "reason")));
  if (list(answer, "items").empty())
    fmt::print(out, "none\n");
  if (auto cursor = text(answer, "next_cursor"); !cursor.empty())
    fmt::print(out, "more: --cursor {}\n", cursor);
}

void print_timeline(std::ostream& out, const json& answer) {
  for (const auto& each : list(answer, "items"))
    fmt::print(out, "{:>6}  {}  {:<22} {}\n", text(each, "sequence"), text(each, "at"),
               text(each, "type"),
               joined({text(each, "channel"), labelled("by", text(each, "provider")),
                       labelled("attempt", text(each, "attempt")),
                       in_brackets(text(each, "reason")), labelled("until", text(each, "until"))}));
}

void print_explanation(std::ostream& out, const json& answer) {
  for (const auto& sentence : list(answer, "sentences"))
    if (sentence.is_string())
      fmt::print(out, "{}\n", sentence.get<std::string>());
  for (const auto& each : list(answer, "decisions"))
    fmt::print(
        out, "  {}  {}\n", text(each, "at"),
        joined({labelled("step", text(each, "step")), text(each, "channel"), text(each, "check"),
                text(each, "verdict"), in_brackets(text(each, "reason")),
                labelled("until", text(each, "until")), labelled("from", text(each, "layer"))}));
}

void print_dry_run(std::ostream& out, const json& answer) {
  const auto& planned = list(answer, "notifications");
  if (planned.empty())
    fmt::print(out, "nothing would be sent\n");
  for (const auto& each : planned) {
    row(out, "would send",
        joined({text(each, "type"), labelled("to", text(each, "recipient_id")),
                labelled("at", text(each, "send_at"))}));
    if (each.contains("rendered"))
      fmt::print(out, "{}\n", each["rendered"].dump(2));
    for (const auto& decision : list(each, "decisions"))
      row(out, "decision",
          joined({text(decision, "channel"), text(decision, "check"), text(decision, "verdict"),
                  in_brackets(text(decision, "reason"))}));
  }
}

void print_names(std::ostream& out, const json& answer) {
  for (const auto& each : list(answer, "items"))
    fmt::print(
        out, "{}\n",
        joined({text(each, "name"), labelled("on", text(each, "event")),
                labelled("version", text(each, "version")), in_brackets(text(each, "state"))}));
  if (auto cursor = text(answer, "next_cursor"); !cursor.empty())
    fmt::print(out, "more: --cursor {}\n", cursor);
}

void print_result(std::ostream& out, const json& answer) {
  if (auto result = text(answer, "result"); !result.empty())
    fmt::print(out, "{}\n", result);
  else
    print_json(out, answer);
}

void print_json(std::ostream& out, const json& answer) {
  fmt::print(out, "{}\n", answer.dump(2));
}

} // namespace carillon::cli
