#include "config/load.hpp"

#include "config/check.hpp"
#include "config/document.hpp"
#include "config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include <unistd.h>

namespace carillon {
namespace {

/// Reads one key out of the document into `target`, and says what is wrong.
template <class Target>
void read_field(document& file, const std::string& prefix, const field<Target>& each,
                Target& target, std::vector<settings_problem>& problems) {
  auto key = prefix + each.path;
  auto found = file.take(key);
  if (!found)
    return;
  auto wrong = found->value ? each.read(*found->value, target)
                            : complaint{"must be a single value, not a table or a list"};
  if (!wrong.empty())
    problems.push_back({found->where, key, std::move(wrong)});
}

void read_credential(document& file, const std::string& prefix, const std::string& name,
                     provider_settings& to, std::vector<settings_problem>& problems) {
  field<provider_settings> direct{name, [&](const written_value& from, provider_settings& target) {
                                    return read_value(from, target.credentials[name]);
                                  }};
  read_field(file, prefix, direct, to, problems);
  field<provider_settings> in_file{
      name + "_file", [&](const written_value& from, provider_settings& target) -> complaint {
        std::filesystem::path path;
        if (auto wrong = read_value(from, path); !wrong.empty())
          return wrong;
        if (target.credentials.contains(name))
          return fmt::format("is there beside {}; keep one of the two", name);
        return read_secret_file(path, target.credentials[name]);
      }};
  read_field(file, prefix, in_file, to, problems);
}

/// `CARILLON_PROVIDER_<NAME>_<KEY>`, for plain keys and credentials.
void override_provider(const environment& variables, const provider_kind& kind,
                       const std::string& prefix, provider_settings& to,
                       std::vector<settings_problem>& problems) {
  auto value_of = [&](const std::string& key) {
    auto name = variable_of("provider." + to.name + "." + key);
    auto found = variables.find(name);
    return found == variables.end() ? nullptr : &*found;
  };
  for (const auto& each : provider_fields())
    if (const auto* found = value_of(each.path); found && each.path != "name")
      if (auto wrong = each.read({found->second, true}, to); !wrong.empty())
        problems.push_back({found->first, prefix + each.path, std::move(wrong)});
  for (const auto* names : {&kind.required, &kind.optional})
    for (const auto& name : *names)
      if (const auto* found = value_of(name))
        to.credentials[name] = found->second;
}

void read_provider(document& file, std::size_t index, const environment& variables, settings& to,
                   std::vector<settings_problem>& problems) {
  auto prefix = fmt::format("provider[{}].", index);
  auto where = file.where(fmt::format("provider[{}]", index));
  provider_settings provider;
  for (const auto& each : provider_fields())
    read_field(file, prefix, each, provider, problems);
  const auto& kinds = provider_kinds();
  auto kind = std::find_if(kinds.begin(), kinds.end(),
                           [&](const auto& each) { return each.name == provider.kind; });
  if (kind == kinds.end()) {
    file.drop(prefix); // its other keys cannot be judged
  } else {
    for (const auto& name : kind->required)
      read_credential(file, prefix, name, provider, problems);
    for (const auto& name : kind->optional)
      read_credential(file, prefix, name, provider, problems);
    override_provider(variables, *kind, prefix, provider, problems);
  }
  check_provider(provider, kind == kinds.end() ? nullptr : &*kind, prefix, where, problems);
  to.providers.push_back(std::move(provider));
}

void apply_variables(const environment& variables, settings& to,
                     std::vector<settings_problem>& problems) {
  for (const auto& each : setting_fields()) {
    auto name = variable_of(each.path);
    auto found = variables.find(name);
    if (found == variables.end())
      continue;
    auto wrong = each.read({found->second, true}, to);
    if (!wrong.empty())
      problems.push_back({name, each.path, std::move(wrong)});
  }
}

} // namespace

std::string render(const settings_problem& problem) {
  std::string line;
  for (const auto* part : {&problem.where, &problem.key})
    if (!part->empty())
      line += *part + ": ";
  return line + problem.message;
}

environment process_environment() {
  environment found;
  for (char** each = environ; each && *each; ++each) {
    std::string_view entry{*each};
    auto equals = entry.find('=');
    if (entry.starts_with("CARILLON_") && equals != std::string_view::npos)
      found.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return found;
}

loaded_settings load_settings(const std::optional<std::filesystem::path>& file,
                              const environment& variables) {
  loaded_settings result;
  if (file) {
    document content{*file, result.problems};
    for (const auto& each : setting_fields())
      read_field(content, "", each, result.values, result.problems);
    for (std::size_t i = 0, n = content.count("provider"); i < n; ++i)
      read_provider(content, i, variables, result.values, result.problems);
    content.report_leftovers(result.problems);
  }
  apply_variables(variables, result.values, result.problems);
  check_settings(result.values, result.problems);
  return result;
}

std::vector<std::string> setting_keys() {
  std::vector<std::string> keys;
  keys.reserve(setting_fields().size());
  for (const auto& each : setting_fields())
    keys.push_back(each.path);
  return keys;
}

std::string variable_of(std::string_view key) {
  std::string name = "CARILLON_";
  for (char c : key)
    name += c == '.' || c == '-' ? '_'
                                 : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

} // namespace carillon
