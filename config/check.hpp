#pragma once

#include "config/fields.hpp"
#include "config/load.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace carillon {

/// Reads a file that holds one secret, without the line end.
complaint read_secret_file(const std::filesystem::path& path, std::string& to);

/// What single keys cannot show: keys that belong together, files that must be there.
void check_settings(const settings& values, std::vector<settings_problem>& problems);

/// The same for one provider. `kind` is null where its kind is not known.
void check_provider(const provider_settings& provider, const provider_kind* kind,
                    const std::string& prefix, const std::string& where,
                    std::vector<settings_problem>& problems);

} // namespace carillon
