#pragma once

#include "messages/catalogue.hpp"

#include "actors/renderer/text_template.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// One channel's body in one locale. Which members it has is the channel's matter.
struct compiled_body {
  std::map<std::string, text_template> texts; ///< subject, text, html, title, body
  nlohmann::json extra;                       ///< everything else, as it is written
  std::vector<std::pair<nlohmann::json::json_pointer, text_template>>
      extra_texts; ///< strings with tags in `extra`
};

/// A declared variable of the event's data.
struct template_variable {
  std::string name; ///< path below `data.`
  std::string type; ///< string number integer boolean date datetime list object; empty: any
  bool required = false;
  bool phi = false;
  nlohmann::json fallback; ///< null: none
};

struct compiled_template {
  using bodies = std::array<std::optional<compiled_body>, enum_count<channel>>;
  std::map<std::string, bodies> locales;
  std::string default_locale;
  std::vector<template_variable> variables;
};

/// The body of one channel, as templates and inline content write it. `pointer` is where it stands.
compiled_body compile_body(channel on, const nlohmann::json& body, const std::string& pointer,
                           problem_items& problems);

/// Reads a template's source,
/// `{"locales":{"en":{"channels":{..}}},"default":"en","variables":[..]}`.
std::shared_ptr<const compiled_template> compile_template(const nlohmann::json& source,
                                                          problem_items& problems);

/// Checks a PUT body, `{"locale","channels","variables"}`, and gives the next version's source:
/// `newest` (or null) with this locale put in.
nlohmann::json next_template_source(const nlohmann::json& newest, const nlohmann::json& body,
                                    problem_items& problems);

/// Checks inline content: an object of channels with bodies.
void check_content(const nlohmann::json& content, const std::string& pointer,
                   problem_items& problems);

} // namespace carillon
