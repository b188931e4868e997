#include "actors/catalog/catalog.hpp"

#include "messages/errors.hpp"

#include "actors/catalog/catalogue_commands.hpp"
#include "actors/catalog/import.hpp"

#include <spdlog/spdlog.h>

namespace carillon {

namespace {

void complain(const std::vector<std::string>& complaints) {
  for (const auto& line : complaints)
    spdlog::error("catalogue: {}", line);
}

} // namespace

catalog_actor::behavior_type catalog_state::make_behavior(catalog_arguments args) {
  args_ = std::move(args);
  return {[this](const catalogue_command& m) { return on_command(m); },
          [this](const start_catalog& m) { return on_start(m); }};
}

caf::result<answer> catalog_state::on_command(const catalogue_command& m) {
  auto decision = decide(model_, m, args_.time->now());
  if (decision.rows.empty())
    return std::move(decision.reply);
  auto promise = self_->make_response_promise<answer>();
  save_catalogue rows{m.tenant, decision.rows, {}};
  // `await` and not `then`: the next command is decided on what this one leaves behind.
  self_->request(args_.store, caf::infinite, std::move(rows))
      .await(
          [this, promise, decision = std::move(decision)](const catalogue_saved& saved) mutable {
            swap(std::move(decision.rows), saved.version);
            promise.deliver(std::move(decision.reply));
          },
          [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
  return promise;
}

caf::result<caf::unit_t> catalog_state::on_start(const start_catalog& m) {
  auto promise = self_->make_response_promise<caf::unit_t>();
  self_->request(args_.store, caf::infinite, load_catalogue{})
      .await(
          [this, promise, directory = m.directory](const catalogue_rows& loaded) mutable {
            model_ = catalogue_model{};
            complain(model_.apply(loaded.rows));
            import(directory, loaded, promise);
          },
          [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
  return promise;
}

void catalog_state::import(const std::string& directory, const catalogue_rows& loaded,
                           caf::typed_response_promise<caf::unit_t> promise) {
  std::vector<std::string> complaints;
  catalogue_import found;
  if (!directory.empty())
    found = import_catalogue(args_.importing, model_.of(args_.importing),
                             read_catalogue(directory, complaints), loaded.imported);
  complain(complaints);
  complain(found.complaints);
  if (found.hashes.empty()) {
    args_.cell->set(model_.snapshot());
    promise.deliver(caf::unit);
    return;
  }
  save_catalogue rows{args_.importing, found.rows, found.hashes};
  self_->request(args_.store, caf::infinite, std::move(rows))
      .await(
          [this, promise, imported = std::move(found.rows)](const catalogue_saved& saved) mutable {
            swap(std::move(imported), saved.version);
            promise.deliver(caf::unit);
          },
          [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
}

void catalog_state::swap(std::vector<catalogue_row> rows, std::uint64_t version) {
  for (auto& row : rows)
    row.catalogue_version = version;
  complain(model_.apply(rows));
  args_.cell->set(model_.snapshot());
}

catalog_actor::behavior_type catalog(catalog_actor::stateful_pointer<catalog_state> self,
                                     catalog_arguments args) {
  return self->state.make_behavior(std::move(args));
}

} // namespace carillon
