#pragma once

#include "messages/local.hpp"

#include "actors/catalog/catalogue_model.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace carillon {

/// A file of the catalogue's directory.
struct catalogue_file {
  std::string path; ///< below the directory, the name under which its hash is kept
  catalogue_kind kind = catalogue_kind::rule;
  std::string name; ///< of the rule or template; empty for the global preferences
  std::string text;
  std::string hash;
};

/// Reads `rules/*.json`, `templates/*.json` and `preferences.json`, in order of name. Files that
/// cannot be read are complained about.
std::vector<catalogue_file> read_catalogue(const std::filesystem::path& directory,
                                           std::vector<std::string>& complaints);

/// What importing them comes to.
struct catalogue_import {
  std::vector<catalogue_row> rows;
  std::vector<std::pair<std::string, std::string>>
      hashes; ///< of all files that were looked at anew
  std::vector<std::string> complaints;
};

/// Rows for the files whose hash is not among `known`; a template comes in as its active version.
/// What was last edited over the API stays as it is. Pure.
catalogue_import import_catalogue(const tenant_id& tenant, const tenant_entries& entries,
                                  const std::vector<catalogue_file>& files,
                                  const std::vector<std::pair<std::string, std::string>>& known);

} // namespace carillon
