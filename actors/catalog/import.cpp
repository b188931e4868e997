#include "actors/catalog/import.hpp"

#include "actors/catalog/catalogue_commands.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/rules/rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace carillon {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void read_file(const fs::path& path, catalogue_kind kind, const fs::path& root,
               std::vector<catalogue_file>& out, std::vector<std::string>& complaints) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    complaints.push_back(path.string() + ": cannot be read");
    return;
  }
  catalogue_file f;
  f.path = path.lexically_relative(root).generic_string();
  f.kind = kind;
  f.name = kind == catalogue_kind::global_preferences ? std::string{} : path.stem().string();
  f.text = text.str();
  f.hash = to_hex(make_hash(f.text));
  out.push_back(std::move(f));
}

void read_folder(const fs::path& root, const char* folder, catalogue_kind kind,
                 std::vector<catalogue_file>& out, std::vector<std::string>& complaints) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator{root / folder, error})
    if (entry.path().extension() == ".json")
      paths.push_back(entry.path());
  if (error && error != std::errc::no_such_file_or_directory)
    complaints.push_back((root / folder).string() + ": " + error.message());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths)
    read_file(path, kind, root, out, complaints);
}

/// Whether the newest of this name is not ours to change.
bool edited_by_hand(const tenant_entries& entries, const catalogue_file& f) {
  if (f.kind == catalogue_kind::template_) {
    auto i = entries.templates_from_file.find(f.name);
    return i != entries.templates_from_file.end() && !i->second;
  }
  const auto* known = entries.find(f.kind, f.name);
  return known && !known->from_file;
}

void check_file(const catalogue_file& f, const json& body, problem_items& problems) {
  if (f.kind != catalogue_kind::global_preferences && !is_catalogue_name(f.name))
    problems.push_back({"", "the file's name has letters, digits and . _ - only"});
  if (f.kind == catalogue_kind::rule)
    parse_rule(f.name, body, problems);
  else if (f.kind == catalogue_kind::template_)
    compile_template(body, problems);
  else
    parse_preferences(body, problems);
  if (f.kind == catalogue_kind::template_ && !body.contains("locales"))
    problems.push_back({"/locales", "is required"});
}

void add_rows(const tenant_id& tenant, const tenant_entries& entries, const catalogue_file& f,
              const json& body, std::vector<catalogue_row>& rows) {
  catalogue_row row{tenant, f.kind, f.name, 1, template_state::active, body.dump(), true, 0};
  if (f.kind != catalogue_kind::template_) {
    if (const auto* known = entries.find(f.kind, f.name))
      row.version = known->version + 1;
    rows.push_back(std::move(row));
    return;
  }
  auto i = entries.current->templates.find(f.name);
  if (i != entries.current->templates.end()) {
    row.version = i->second.back()->version + 1;
    for (const auto& v : i->second)
      if (v->state == template_state::active)
        rows.push_back({tenant, f.kind, f.name, v->version, template_state::archived,
                        v->source->dump(), true, 0});
  }
  rows.push_back(std::move(row));
}

} // namespace

std::vector<catalogue_file> read_catalogue(const fs::path& directory,
                                           std::vector<std::string>& complaints) {
  std::vector<catalogue_file> out;
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    complaints.push_back(directory.string() + ": there is no such directory");
    return out;
  }
  read_folder(directory, "templates", catalogue_kind::template_, out, complaints);
  read_folder(directory, "rules", catalogue_kind::rule, out, complaints);
  if (fs::exists(directory / "preferences.json", error))
    read_file(directory / "preferences.json", catalogue_kind::global_preferences, directory, out,
              complaints);
  return out;
}

catalogue_import import_catalogue(const tenant_id& tenant, const tenant_entries& entries,
                                  const std::vector<catalogue_file>& files,
                                  const std::vector<std::pair<std::string, std::string>>& known) {
  catalogue_import out;
  for (const auto& f : files) {
    if (std::find(known.begin(), known.end(), std::pair{f.path, f.hash}) != known.end())
      continue;
    problem_items problems;
    auto body = json::parse(f.text, nullptr, false);
    if (body.is_discarded())
      problems.push_back({"", "is not JSON"});
    else
      check_file(f, body, problems);
    for (const auto& p : problems)
      out.complaints.push_back(f.path + ": " + p.pointer + " " + p.message);
    if (!problems.empty())
      continue;
    out.hashes.emplace_back(f.path, f.hash);
    if (!edited_by_hand(entries, f))
      add_rows(tenant, entries, f, body, out.rows);
  }
  return out;
}

} // namespace carillon
