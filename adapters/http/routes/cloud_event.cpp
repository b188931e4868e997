#include "adapters/http/routes/cloud_event.hpp"

#include "adapters/http/server/query.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon::http {

namespace {

using nlohmann::json;

constexpr std::size_t longest_id = 512;
constexpr std::size_t longest_source = 2048;
constexpr std::size_t longest_type = 256;
constexpr std::size_t longest_subject = 1024;
constexpr std::size_t most_extensions = 64;
constexpr std::string_view header_prefix = "ce-";

bool json_content(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' '))
    type.remove_suffix(1);
  return same_text(type, "application/json") || same_text(type, "text/json")
         || (type.size() > 5 && same_text(type.substr(type.size() - 5), "+json"));
}

/// CloudEvents 1.0, "Attribute Naming Convention": lower-case letters and digits.
bool attribute_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

/// Gathers one event, attribute by attribute, whatever the form it came in.
class event_builder {
public:
  /// @param prefix of the pointers: `/` for members, `ce-` for headers.
  explicit event_builder(std::string_view prefix)
      : prefix_(prefix), made_(std::make_shared<event>()) {
    // nop
  }

  void attribute(const std::string& name, const json& value) {
    if (name == "specversion")
      version_ = text(name, value, longest_type);
    else if (name == "id")
      made_->id = text(name, value, longest_id);
    else if (name == "source")
      made_->source = text(name, value, longest_source);
    else if (name == "type")
      made_->type = text(name, value, longest_type);
    else if (name == "subject")
      made_->subject = text(name, value, longest_subject);
    else if (name == "time")
      time(value);
    else if (name == "datacontenttype")
      content_type(value);
    else
      extension(name, value);
  }

  void data(std::shared_ptr<json> value) {
    if (!value)
      value = std::make_shared<json>(json::object());
    if (!value->is_object())
      return fail("data", "must be an object");
    made_->data_text = value->dump(-1, ' ', false, json::error_handler_t::replace);
    made_->data = std::move(value);
  }

  void fail(std::string_view name, std::string message) {
    errors_.push_back({std::string{prefix_}.append(name), std::move(message)});
  }

  event_result finish(std::string_view trace) {
    required("specversion", version_);
    required("id", made_->id);
    required("source", made_->source);
    required("type", made_->type);
    if (!version_.empty() && version_ != "1.0")
      fail("specversion", "must be 1.0");
    if (!errors_.empty())
      return {nullptr, std::move(errors_)};
    made_->trace = trace_.empty() ? std::string{trace} : trace_;
    if (extensions_)
      made_->extensions = std::move(extensions_);
    return {std::move(made_), {}};
  }

private:
  std::string text(const std::string& name, const json& value, std::size_t longest) {
    if (value.is_null())
      return {};
    if (!value.is_string()) {
      failed_.push_back(name);
      fail(name, "must be a string");
      return {};
    }
    auto result = value.get<std::string>();
    if (!result.empty() && result.size() <= longest)
      return result;
    failed_.push_back(name);
    fail(name, result.empty() ? "must not be empty"
                              : "must not be longer than " + std::to_string(longest) + " bytes");
    return {};
  }

  void time(const json& value) {
    const auto found = text("time", value, longest_type);
    if (found.empty())
      return;
    if (const auto parsed = parse_rfc3339(found))
      made_->time = *parsed;
    else
      fail("time", "must be a time such as 2026-11-23T09:00:00Z");
  }

  void content_type(const json& value) {
    const auto found = text("datacontenttype", value, longest_type);
    if (!found.empty() && !json_content(found))
      fail("datacontenttype", "must be application/json");
  }

  /// Extension attributes are kept as they are: strings, booleans and whole numbers (JSON
  /// format 2.2).
  void extension(const std::string& name, const json& value) {
    if (value.is_null())
      return;
    if (!attribute_name(name))
      return fail(name, "attribute names are lower-case letters and digits");
    if (!value.is_string() && !value.is_boolean() && !value.is_number_integer())
      return fail(name, "must be a string, a boolean or a whole number");
    if (!extensions_)
      extensions_ = std::make_shared<json>(json::object());
    if (extensions_->size() == most_extensions)
      return fail(name, "is one extension attribute too many");
    if (name == "traceparent" && value.is_string()
        && value.get_ref<const std::string&>().size() == 55)
      trace_ = value.get<std::string>();
    (*extensions_)[name] = value;
  }

  void required(std::string_view name, const std::string& value) {
    if (value.empty() && std::find(failed_.begin(), failed_.end(), name) == failed_.end())
      fail(name, "is required");
  }

  std::string_view prefix_;
  std::shared_ptr<event> made_;
  std::shared_ptr<json> extensions_;
  std::string version_;
  std::string trace_;
  std::vector<field_error> errors_;
  std::vector<std::string> failed_;
};

} // namespace

event_mode event_mode_of(const request& what) {
  const auto type = what.media_type();
  if (type == "application/cloudevents-batch+json")
    return event_mode::batched;
  if (type == "application/cloudevents+json")
    return event_mode::structured;
  const auto attribute = [](const header_view& field) {
    return field.name.size() > header_prefix.size()
           && same_text(field.name.substr(0, header_prefix.size()), header_prefix);
  };
  return std::any_of(what.headers.begin(), what.headers.end(), attribute) ? event_mode::binary
                                                                          : event_mode::structured;
}

event_result read_structured(json& body, std::string_view trace) {
  event_builder build{"/"};
  if (!body.is_object())
    return {nullptr, {{"", "must be an object"}}};
  std::shared_ptr<json> data;
  for (auto& [name, value] : body.get_ref<json::object_t&>()) {
    if (name == "data")
      data = std::make_shared<json>(std::move(value));
    else if (name == "data_base64")
      build.fail(name, "data must be a JSON object");
    else
      build.attribute(name, value);
  }
  build.data(std::move(data));
  return build.finish(trace);
}

event_result read_binary(const request& what, std::shared_ptr<json> data) {
  event_builder build{header_prefix};
  for (const auto& [name, value] : what.headers) {
    if (name.size() <= header_prefix.size() || !same_text(name.substr(0, 3), header_prefix))
      continue;
    std::string attribute{name.substr(header_prefix.size())};
    std::transform(attribute.begin(), attribute.end(), attribute.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (attribute == "datacontenttype") // the Content-Type header says it (HTTP binding 3.1.1)
      build.fail(attribute, "is the Content-Type header in this mode");
    else
      build.attribute(attribute, decode_segment(value)); // HTTP binding 3.1.3.2
  }
  build.data(std::move(data));
  return build.finish(what.traceparent);
}

} // namespace carillon::http
