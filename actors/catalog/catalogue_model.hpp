#pragma once

#include "messages/local.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// The newest state of one rule or one layer of preferences.
struct catalogue_entry {
  std::uint32_t version = 0;
  bool from_file = false;
  json_ptr body; ///< null: deleted
};

/// One tenant's catalogue with what editing needs beside it.
struct tenant_entries {
  std::shared_ptr<const tenant_catalogue> current;                           ///< never null
  std::map<std::pair<catalogue_kind, std::string>, catalogue_entry> entries; ///< all but templates
  std::map<std::string, bool> templates_from_file; ///< whether the newest version is

  [[nodiscard]] const catalogue_entry* find(catalogue_kind kind, const std::string& name) const;
};

/// The catalogue as a fold over its rows. Pure.
class catalogue_model {
public:
  /// Applies rows of any tenants in their order; each tenant's catalogue is rebuilt once. Rows that
  /// this binary cannot read are left out and reported.
  std::vector<std::string> apply(const std::vector<catalogue_row>& rows);

  /// What the cell gets.
  [[nodiscard]] std::shared_ptr<const catalogue> snapshot() const;

  /// Never null.
  [[nodiscard]] const tenant_entries& of(const tenant_id& tenant) const;

private:
  std::map<tenant_id, tenant_entries> tenants_;
};

} // namespace carillon
