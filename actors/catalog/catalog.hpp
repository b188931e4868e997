#pragma once

#include "messages/interfaces.hpp"

#include "actors/catalog/catalogue_model.hpp"

#include <caf/stateful_actor.hpp>

namespace carillon {

struct catalog_arguments {
  store_actor store;
  catalogue_cell* cell = nullptr;
  const clock* time = nullptr;
  tenant_id importing{"default"}; ///< whose catalogue the files are
};

/// The only one that swaps the node's cell. One a node, owned by the supervisor. Edits are saved
/// one after the other; the answer to one leaves when it is durable and every later decision of
/// this node sees it. Knows no recipients.
class catalog_state {
public:
  static inline const char* name = "catalog";
  explicit catalog_state(catalog_actor::stateful_pointer<catalog_state> self) : self_(self) {}
  catalog_actor::behavior_type make_behavior(catalog_arguments args);

private:
  caf::result<answer> on_command(const catalogue_command& m);
  caf::result<caf::unit_t> on_start(const start_catalog& m);
  void import(const std::string& directory, const catalogue_rows& loaded,
              caf::typed_response_promise<caf::unit_t> promise);
  void swap(std::vector<catalogue_row> rows, std::uint64_t version);

  catalog_actor::stateful_pointer<catalog_state> self_;
  catalog_arguments args_;
  catalogue_model model_;
};

catalog_actor::behavior_type catalog(catalog_actor::stateful_pointer<catalog_state> self,
                                     catalog_arguments args);

} // namespace carillon
