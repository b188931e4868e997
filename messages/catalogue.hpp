#pragma once

#include "messages/facts.hpp"
#include "messages/profile.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace carillon {

/// A step as a rule or a request writes it.
struct step_spec {
  channel on = channel::sms;
  std::optional<step_until> until; ///< default by channel and priority
  hold_policy on_hold = hold_policy::wait;
  duration timeout = std::chrono::seconds{30};
};

struct delivery_spec {
  strategy by = strategy::fallback;
  std::vector<step_spec> steps;
};

/// When a planned notification is due: at once, after a delay, or at a time in the payload plus an
/// offset.
struct timing_spec {
  enum class kind : std::uint8_t { immediate, delay, at };
  kind what = kind::immediate;
  std::string path;   ///< for `at`, e.g. `data.startsAt`
  duration offset{0}; ///< delay, or signed offset to the time at `path`
};

/// Who: paths into the event, or a role or segment.
struct recipient_spec {
  std::vector<std::string> paths;
  std::string role;
  std::string segment;
};

/// One notification of a rule.
struct notification_rule {
  std::string type;
  category in = category::transactional;
  std::optional<priority> at; ///< default by category
  std::string template_name;
  recipient_spec recipient;
  timing_spec timing;
  bool skip_late = false; ///< an `at` whose time is past already is left out, and not sent at once
  delivery_spec delivery; ///< no steps: by category and what the content or template has
  std::optional<duration> expires; ///< after the time it is due
  std::string correlation_key;     ///< a Mustache text
  json_ptr content;                ///< inline content or overrides, or null
};

struct compiled_condition; // actors/rules
struct compiled_template;  // actors/renderer

struct rule {
  std::string name;
  std::string event;
  std::shared_ptr<const compiled_condition> when; ///< null: always
  std::vector<notification_rule> notifications;
  std::vector<std::string> cancels; ///< Mustache texts
  std::vector<std::string> reschedules;
  std::uint32_t version = 0;
  json_ptr source; ///< as it was put
};
using rule_ptr = std::shared_ptr<const rule>;

enum class template_state : std::uint8_t { draft, active, archived };
template <>
struct enum_names<template_state> {
  static constexpr std::array<std::string_view, 3> values{"draft", "active", "archived"};
};

/// One version of a template: all its locales, compiled once.
struct template_version {
  std::string name;
  std::uint32_t version = 0;
  template_state state = template_state::draft;
  json_ptr source; ///< `{"locales":{"en":{"channels":{..}}},"variables":[..]}`
  std::shared_ptr<const compiled_template> compiled;
};
using template_ptr = std::shared_ptr<const template_version>;

/// What a category decides by default.
struct category_policy {
  priority at = priority::normal;
  bool opt_out = false;
  bool quiet_hours = true;
  settlement unknown = settlement::resend;
};

/// Everything of one tenant that is configuration, immutable, with one version number.
struct tenant_catalogue {
  std::uint64_t version = 0;
  std::unordered_map<std::string, std::vector<rule_ptr>> rules_by_event;
  std::map<std::string, rule_ptr> rules;
  std::map<std::string, std::vector<template_ptr>> templates; ///< versions, oldest first
  std::array<category_policy, enum_count<category>> categories;
  std::map<std::string, preferences_ptr> organizations;
  std::map<std::string, preferences_ptr> providers;
  preferences_ptr global; ///< never null
};
using tenant_catalogue_ptr = std::shared_ptr<const tenant_catalogue>;

/// The policy table as it is without configuration.
const std::array<category_policy, enum_count<category>>& default_categories();

/// All tenants' catalogues.
struct catalogue {
  std::unordered_map<tenant_id, tenant_catalogue_ptr> tenants;
  [[nodiscard]] tenant_catalogue_ptr of(const tenant_id& tenant) const; ///< never null
};

/// Where the node's current catalogue is read. `catalog` alone swaps it; readers keep the pointer
/// they took for as long as one decision lasts. A shared cell and not a message, so that an answer
/// to an edit can promise that every later decision on this node sees it.
class catalogue_cell {
public:
  catalogue_cell();
  [[nodiscard]] std::shared_ptr<const catalogue> get() const {
    return current_.load(std::memory_order_acquire);
  }
  void set(std::shared_ptr<const catalogue> next) {
    current_.store(std::move(next), std::memory_order_release);
  }

private:
  std::atomic<std::shared_ptr<const catalogue>> current_;
};

} // namespace carillon
