#pragma once

#include "config/value.hpp"

#include <functional>
#include <string>
#include <vector>

namespace carillon {

/// One key: its path and how it is read into `Target`.
template <class Target>
struct field {
  std::string path;
  std::function<complaint(const written_value&, Target&)> read;
};

/// All keys of the file except those of `[[provider]]`.
const std::vector<field<settings>>& setting_fields();

/// All keys that every `[[provider]]` may have. Credentials are read by kind.
const std::vector<field<provider_settings>>& provider_fields();

/// What a kind of provider needs.
struct provider_kind {
  std::string name;
  std::vector<channel> channels;
  std::vector<std::string> required; ///< credentials; each also as `<name>_file`
  std::vector<std::string> optional;
};

/// The kinds that this version has clients for.
const std::vector<provider_kind>& provider_kinds();

} // namespace carillon
