#pragma once

#include "config/load.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// A TOML file as a flat map from key path to value, from which each known key is taken once; what
/// is left over is unknown. Paths look like `http.listen` and `provider[0].limits.per_second`.
class document {
public:
  /// Reads and parses; what goes wrong is added to `problems` and leaves the document empty.
  document(const std::filesystem::path& file, std::vector<settings_problem>& problems);

  /// A key that the file has. No value: it is a table, a list, a date.
  struct entry {
    std::optional<written_value> value;
    std::string where;
  };

  /// Takes the key out, if it is there.
  std::optional<entry> take(const std::string& key);

  /// Forgets every key that starts so.
  void drop(const std::string& prefix);

  /// How many `[[name]]` there are.
  [[nodiscard]] std::size_t count(const std::string& name) const;

  /// Where a table of a list starts.
  [[nodiscard]] std::string where(const std::string& element) const;

  /// A problem for every key that nobody took, with the nearest known key.
  void report_leftovers(std::vector<settings_problem>& problems) const;

private:
  std::map<std::string, entry> entries_;
  std::map<std::string, std::size_t> counts_;
  std::map<std::string, std::string> places_;
};

} // namespace carillon
