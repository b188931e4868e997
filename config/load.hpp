#pragma once

#include "config/settings.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// One thing that is wrong with the configuration.
struct settings_problem {
  std::string where; ///< `file.toml:12`, the name of an environment variable, or empty
  std::string key;   ///< path, such as `http.listen` or `provider[0].from`; empty: the file itself
  std::string message; ///< what is wrong and what to write instead
};

/// The problem as one line for the operator.
std::string render(const settings_problem& problem);

/// What was read. `values` may be used only if there are no problems.
struct loaded_settings {
  settings values;
  std::vector<settings_problem> problems; ///< all of them, in the order of the file
};

/// Environment variables by name.
using environment = std::map<std::string, std::string>;

/// This process's variables that start with `CARILLON_`.
environment process_environment();

/// Reads `file` (none: defaults only), then lets `CARILLON_<SECTION>_<KEY>` override each key (and
/// `CARILLON_PROVIDER_<NAME>_<KEY>` those of a provider in the file), then checks values against
/// each other and that named files can be read. Unknown keys in the file are problems; unknown
/// variables are not ours to judge (a container platform makes up its own).
loaded_settings load_settings(const std::optional<std::filesystem::path>& file,
                              const environment& variables);

/// The key paths that can be set, without those of `[[provider]]`, in the order of documentation.
std::vector<std::string> setting_keys();

/// The variable that overrides a key: `http.listen` gives `CARILLON_HTTP_LISTEN`.
std::string variable_of(std::string_view key);

} // namespace carillon
