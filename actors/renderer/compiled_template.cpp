#include "actors/renderer/compiled_template.hpp"

#include "actors/profile/contact_points.hpp"
#include "actors/support/json_reader.hpp"

#include <span>

namespace carillon {

namespace {

using nlohmann::json;
using names = std::span<const std::string_view>;

constexpr std::size_t text_limit = 64 * 1024;
constexpr std::size_t html_limit = 512 * 1024;

constexpr std::array<std::string_view, 1> plain_texts{"text"};
constexpr std::array<std::string_view, 3> email_texts{"subject", "html", "text"};
constexpr std::array<std::string_view, 2> titled_texts{"title", "body"};
constexpr std::array<std::string_view, 6> email_extra{"cc",      "bcc",         "reply_to",
                                                      "headers", "attachments", "calendar"};
constexpr std::array<std::string_view, 9> push_extra{
    "image", "actions", "badge", "sound", "silent", "link", "ttl", "data", "collapse_key"};
constexpr std::array<std::string_view, 3> in_app_extra{"actions", "image", "link"};
constexpr std::array<std::string_view, 1> webhook_extra{"payload"};
constexpr std::array<std::string_view, 8> variable_types{"string", "number",   "integer", "boolean",
                                                         "date",   "datetime", "list",    "object"};

names texts_of(channel on) {
  switch (on) {
  case channel::email:
    return email_texts;
  case channel::push:
  case channel::in_app:
    return titled_texts;
  case channel::webhook:
    return {};
  default:
    return plain_texts;
  }
}

names extra_of(channel on) {
  switch (on) {
  case channel::email:
    return email_extra;
  case channel::push:
    return push_extra;
  case channel::in_app:
    return in_app_extra;
  case channel::webhook:
    return webhook_extra;
  default:
    return {};
  }
}

void compile_text(object_reader& in, std::string_view name, compiled_body& out) {
  auto html = name == "html";
  auto text = in.text(name, html ? html_limit : text_limit);
  if (text.empty())
    return;
  std::string problem;
  if (auto compiled = text_template::compile(text, html ? escaping::html : escaping::none, problem))
    out.texts.emplace(name, std::move(*compiled));
  else
    in.problem(name, "is not a Mustache text: " + problem);
}

/// Strings with tags below `at`, which may be labels and links of actions.
void compile_strings(const json& value, const json::json_pointer& at, const std::string& pointer,
                     compiled_body& out, problem_items& problems) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items())
      compile_strings(member, at / name, pointer, out, problems);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      compile_strings(value[i], at / i, pointer, out, problems);
  } else if (value.is_string()
             && value.get_ref<const std::string&>().find("{{") != std::string::npos) {
    std::string problem;
    if (auto text = text_template::compile(value.get<std::string>(), escaping::none, problem))
      out.extra_texts.emplace_back(at, std::move(*text));
    else
      problems.push_back({pointer + at.to_string(), "is not a Mustache text: " + problem});
  }
}

compiled_template::bodies compile_channels(const json& channels, const std::string& pointer,
                                           problem_items& problems) {
  compiled_template::bodies out;
  object_reader in{channels, pointer, problems};
  if (!in.ok())
    return out;
  for (const auto& [name, body] : channels.items()) {
    if (auto on = parse_enum<channel>(name))
      out[static_cast<std::size_t>(*on)] = compile_body(*on, body, pointer + "/" + name, problems);
    else
      in.problem(name, "unknown channel");
  }
  return out;
}

template_variable read_variable(const json& body, const std::string& pointer,
                                problem_items& problems) {
  template_variable out;
  object_reader in{body, pointer, problems};
  out.name = in.required_text("name", 128);
  if (out.name.starts_with("data."))
    out.name.erase(0, 5);
  out.type = in.text("type", 32);
  if (!out.type.empty()
      && std::find(variable_types.begin(), variable_types.end(), out.type) == variable_types.end())
    in.problem("type", "must be one of string number integer boolean date datetime list object");
  out.required = in.boolean("required").value_or(false);
  in.find("phi"); // a flag, or a level of protection by name
  if (const auto* phi = in.find("phi"))
    out.phi = !phi->is_boolean() || phi->get<bool>();
  if (const auto* fallback = in.find("default"))
    out.fallback = *fallback;
  in.text("description");
  in.find("example");
  in.refuse_others();
  return out;
}

std::vector<template_variable> read_variables(const json& list, const std::string& pointer,
                                              problem_items& problems) {
  std::vector<template_variable> out;
  for (std::size_t i = 0; i < list.size(); ++i)
    out.push_back(read_variable(list[i], pointer + "/" + std::to_string(i), problems));
  return out;
}

} // namespace

compiled_body compile_body(channel on, const json& body, const std::string& pointer,
                           problem_items& problems) {
  compiled_body out;
  auto before = problems.size();
  object_reader in{body, pointer, problems};
  for (auto name : texts_of(on))
    compile_text(in, name, out);
  out.extra = json::object();
  for (auto name : extra_of(on))
    if (const auto* value = in.find(name))
      out.extra[std::string{name}] = *value;
  compile_strings(out.extra, json::json_pointer{}, pointer, out, problems);
  in.refuse_others();
  if (problems.size() == before && out.texts.empty() && out.extra.empty())
    in.problem_at(pointer, "must not be empty");
  return out;
}

std::shared_ptr<const compiled_template> compile_template(const json& source,
                                                          problem_items& problems) {
  auto out = std::make_shared<compiled_template>();
  object_reader in{source, "", problems};
  if (const auto* locales = in.object("locales"))
    for (const auto& [name, body] : locales->items())
      out->locales[name]
          = compile_channels(body.value("channels", json::object()),
                             "/locales/" + escape_pointer(name) + "/channels", problems);
  out->default_locale = in.text("default", 64);
  if (out->locales.contains("en"))
    out->default_locale = "en";
  else if (!out->locales.contains(out->default_locale) && !out->locales.empty())
    out->default_locale = out->locales.begin()->first;
  if (const auto* variables = in.array("variables"))
    out->variables = read_variables(*variables, "/variables", problems);
  return out;
}

json next_template_source(const json& newest, const json& body, problem_items& problems) {
  auto out = newest.is_object() ? newest : json::object();
  object_reader in{body, "", problems};
  auto locale = in.text("locale", 64);
  if (locale.empty())
    locale = "en";
  else if (!is_locale(locale))
    in.problem("locale", "must be a language tag such as en or es-MX");
  const auto* channels = in.object("channels");
  if (channels && !channels->empty())
    compile_channels(*channels, "/channels", problems);
  else if (in.ok())
    in.problem("channels", "is required");
  if (const auto* variables = in.array("variables")) {
    read_variables(*variables, "/variables", problems);
    out["variables"] = *variables;
  }
  if (auto comment = in.text("comment", 1024); !comment.empty())
    out["comment"] = comment;
  else
    out.erase("comment");
  in.refuse_others();
  if (!problems.empty())
    return out;
  out["locales"][locale]["channels"] = *channels;
  if (!out.contains("default"))
    out["default"] = locale;
  return out;
}

void check_content(const json& content, const std::string& pointer, problem_items& problems) {
  compile_channels(content, pointer, problems);
}

} // namespace carillon
