#include "adapters/http/routes/support.hpp"

#include "adapters/http/server/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace carillon::http {

namespace {

unsigned status_of(answer::kind what) {
  switch (what) {
  case answer::kind::ok:
    return 200;
  case answer::kind::created:
    return 201;
  case answer::kind::accepted:
    return 202;
  case answer::kind::no_content:
    return 204;
  case answer::kind::invalid:
    return 422;
  case answer::kind::not_found:
    return 404;
  case answer::kind::conflict:
    return 409;
  case answer::kind::precondition_failed:
    return 412;
  }
  return 500;
}

problem refusal_of(answer&& what) {
  switch (what.what) {
  case answer::kind::invalid: {
    std::vector<field_error> errors;
    for (auto& item : what.problems)
      errors.push_back({std::move(item.pointer), std::move(item.message)});
    auto result = invalid(std::move(errors));
    if (!what.detail.empty())
      result.detail = std::move(what.detail);
    return result;
  }
  case answer::kind::not_found:
    return not_found(what.detail.empty() ? "there is no such thing" : std::move(what.detail));
  case answer::kind::conflict:
    return conflict(what.detail.empty() ? "this is not possible now" : std::move(what.detail));
  default:
    return precondition_failed(what.detail.empty() ? "it has another version now"
                                                   : std::move(what.detail));
  }
}

bool printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool valid_utf8(std::string_view text) {
  // The JSON library's own check: an invalid text cannot be dumped strictly.
  try {
    [[maybe_unused]] const auto dumped = nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

} // namespace

response to_response(answer&& what) {
  if (what.what >= answer::kind::invalid)
    return refusal_of(std::move(what));
  response result{status_of(what.what), std::move(what.body)};
  if (result.status == 204)
    result.body.clear();
  if (what.version > 0)
    result.with("ETag", "\"" + std::to_string(what.version) + "\"");
  return result;
}

problem to_problem(const caf::error& why) {
  switch (code_of(why)) {
  case errc::not_found:
    return not_found("there is no such thing");
  case errc::rejected_row:
    return {422, "not-storable", "the database will not take these bytes", {}, 0};
  case errc::overloaded:
    return unavailable("too much is waiting to be written; try again", 2);
  case errc::journal_unavailable:
    return unavailable("the journal cannot be written now; try again", 2);
  case errc::not_ready:
  case errc::fenced:
    return unavailable("this node is not ready for it; try again", 1);
  case errc::shutting_down:
    return unavailable("this node is stopping; try again", 1);
  default:
    return unavailable("it could not be done now; try again", 1);
  }
}

std::function<void(caf::expected<answer>)> answer_with(responder to) {
  return [to = std::move(to)](caf::expected<answer> got) {
    if (got)
      to(to_response(std::move(*got)));
    else
      to(to_problem(got.error()));
  };
}

json_ptr read_body(const request& what, const responder& to) {
  auto read = read_json(what.body);
  if (!read.value)
    to(not_json(std::move(read.error)));
  return read.value;
}

json_ptr read_object(const request& what, const responder& to, bool empty_allowed) {
  if (empty_allowed && what.body.empty())
    return std::make_shared<const nlohmann::json>(nlohmann::json::object());
  auto result = read_body(what, to);
  if (result && !result->is_object()) {
    to(invalid({{"", "must be an object"}}));
    return nullptr;
  }
  return result;
}

std::optional<std::uint64_t> if_match(const request& what, const responder& to) {
  const auto text = what.header("if-match");
  if (text.empty() || text == "*")
    return 0;
  std::uint64_t version = 0;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    const auto* last = text.data() + text.size() - 1;
    const auto [end, error] = std::from_chars(text.data() + 1, last, version);
    if (error == std::errc{} && end == last && version > 0)
      return version;
  }
  to(precondition_failed("the If-Match tag is not one this server gave"));
  return std::nullopt;
}

std::optional<notification_id> notification_in_path(const request& what, const responder& to) {
  auto result = parse_notification_id(what.parameter(0));
  if (!result)
    to(not_found("there is no such notification"));
  return result;
}

std::optional<std::string> name_in_path(const request& what, const responder& to,
                                        std::size_t index) {
  auto result = what.parameter(index);
  if (!result.empty() && result.size() <= 256 && printable(result) && valid_utf8(result))
    return result;
  to(not_found("names are 1 to 256 bytes of UTF-8 without control characters"));
  return std::nullopt;
}

// -- list_query ----------------------------------------------------------------------------------

std::string list_query::text(std::string_view name) {
  known_.emplace_back(name);
  return std::string{values_.get(name).value_or("")};
}

timestamp list_query::time(std::string_view name) {
  const auto value = text(name);
  if (value.empty())
    return no_time;
  const auto result = parse_rfc3339(value);
  if (!result)
    fail(name, "must be a time such as 2026-11-23T09:00:00Z");
  return result.value_or(no_time);
}

bool list_query::flag(std::string_view name) {
  known_.emplace_back(name);
  const auto value = values_.get(name);
  if (!value || *value == "false")
    return false;
  if (*value != "true" && !value->empty())
    fail(name, "must be true or false");
  return true;
}

std::uint32_t list_query::limit() {
  const auto value = text("limit");
  if (value.empty())
    return 50;
  std::uint32_t result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc{} || end != value.data() + value.size() || result < 1 || result > 200)
    fail("limit", "must be a whole number from 1 to 200");
  return result;
}

void list_query::fail(std::string_view name, std::string message) {
  errors_.push_back({"?" + std::string{name}, std::move(message)});
}

bool list_query::sound(const responder& to) {
  for (const auto& [name, value] : values_.all())
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      fail(name, "is not a known parameter");
  if (errors_.empty())
    return true;
  to(invalid(std::move(errors_)));
  return false;
}

// ------------------------------------------------------------------------------------------------

void append_json(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

tenant_id tenant_of(const request& what) {
  return tenant_id{what.caller.tenant};
}

} // namespace carillon::http
