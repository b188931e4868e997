#include "actors/catalog/catalogue_model.hpp"

#include "actors/profile/preferences_json.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/rules/rules.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

std::string describe(const catalogue_row& row, const problem_items& problems) {
  auto out = std::string{to_string(row.kind)} + " " + row.name + " version "
             + std::to_string(row.version);
  for (const auto& p : problems)
    out += ": " + p.pointer + " " + p.message;
  return out;
}

/// Builds the next catalogue of one tenant out of the current one.
struct builder {
  tenant_entries& entries;
  tenant_catalogue next;
  std::vector<std::string>& complaints;

  void apply(const catalogue_row& row) {
    problem_items problems;
    auto body = row.body.empty() ? json{} : json::parse(row.body, nullptr, false);
    if (body.is_discarded())
      problems.push_back({"", "is not JSON"});
    else if (row.kind == catalogue_kind::rule)
      apply_rule(row, body, problems);
    else if (row.kind == catalogue_kind::template_)
      apply_template(row, body, problems);
    else
      apply_preferences(row, body, problems);
    if (!problems.empty())
      complaints.push_back(describe(row, problems));
    next.version = std::max(next.version, row.catalogue_version);
  }

  void remember(const catalogue_row& row, const json& body) {
    auto& e = entries.entries[{row.kind, row.name}];
    e = {row.version, row.from_file, body.is_null() ? nullptr : std::make_shared<const json>(body)};
  }

  void apply_rule(const catalogue_row& row, const json& body, problem_items& problems) {
    remember(row, body);
    next.rules.erase(row.name);
    if (body.is_null())
      return;
    if (auto parsed = parse_rule(row.name, body, problems)) {
      auto versioned = std::make_shared<rule>(*parsed);
      versioned->version = row.version;
      next.rules[row.name] = std::move(versioned);
    }
  }

  void apply_template(const catalogue_row& row, const json& body, problem_items& problems) {
    auto& versions = next.templates[row.name];
    auto i = std::find_if(versions.begin(), versions.end(),
                          [&](const auto& v) { return v->version == row.version; });
    auto fresh = i == versions.end();
    auto v = fresh ? std::make_shared<template_version>() : std::make_shared<template_version>(**i);
    v->name = row.name;
    v->version = row.version;
    v->state = row.state;
    if (fresh || !body.is_null()) {
      v->source = std::make_shared<const json>(body.is_null() ? json::object() : body);
      v->compiled = compile_template(*v->source, problems);
    }
    if (fresh) {
      versions.push_back(std::move(v));
      entries.templates_from_file[row.name] = row.from_file;
    } else {
      *i = std::move(v);
    }
  }

  void apply_preferences(const catalogue_row& row, const json& body, problem_items& problems) {
    remember(row, body);
    auto layer = body.is_null()
                     ? preferences_ptr{}
                     : std::make_shared<const preferences>(parse_preferences(body, problems));
    if (row.kind == catalogue_kind::global_preferences) {
      next.global = layer ? layer : std::make_shared<const preferences>();
    } else {
      auto& layers = row.kind == catalogue_kind::organization_preferences ? next.organizations
                                                                          : next.providers;
      if (layer)
        layers[row.name] = layer;
      else
        layers.erase(row.name);
    }
  }

  void finish() {
    next.rules_by_event.clear();
    for (const auto& [name, r] : next.rules)
      next.rules_by_event[r->event].push_back(r);
    entries.current = std::make_shared<const tenant_catalogue>(std::move(next));
  }
};

tenant_entries no_entries() {
  tenant_entries out;
  out.current = catalogue{}.of(tenant_id{});
  return out;
}

} // namespace

const catalogue_entry* tenant_entries::find(catalogue_kind kind, const std::string& name) const {
  auto i = entries.find({kind, name});
  return i == entries.end() ? nullptr : &i->second;
}

std::vector<std::string> catalogue_model::apply(const std::vector<catalogue_row>& rows) {
  std::vector<std::string> complaints;
  std::map<tenant_id, builder> builders;
  for (const auto& row : rows) {
    auto& entries = tenants_.try_emplace(row.tenant, no_entries()).first->second;
    auto i = builders.try_emplace(row.tenant, builder{entries, *entries.current, complaints}).first;
    i->second.apply(row);
  }
  for (auto& [tenant, b] : builders)
    b.finish();
  return complaints;
}

std::shared_ptr<const catalogue> catalogue_model::snapshot() const {
  auto out = std::make_shared<catalogue>();
  for (const auto& [tenant, entries] : tenants_)
    out->tenants[tenant] = entries.current;
  return out;
}

const tenant_entries& catalogue_model::of(const tenant_id& tenant) const {
  static const auto none = no_entries();
  auto i = tenants_.find(tenant);
  return i == tenants_.end() ? none : i->second;
}

} // namespace carillon
