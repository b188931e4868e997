#pragma once

#include "messages/catalogue.hpp"
#include "messages/interfaces.hpp"
#include "messages/metrics.hpp"
#include "messages/sealing.hpp"

#include "actors/delivery/delivery.hpp"
#include "adapters/daemon/exit_code.hpp"
#include "adapters/daemon/journal_part.hpp"
#include "config/settings.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>

namespace carillon::daemon {

/// What the engine stands on; everything outlives it.
struct engine_neighbours {
  caf::actor_system* system = nullptr;
  const settings* with = nullptr;
  journal_part* journal = nullptr;
  std::shared_ptr<const sender_table> senders;
  const clock* time = nullptr;
  sealer* seal = nullptr;
  catalogue_cell* cell = nullptr;
  std::shared_ptr<metrics> numbers;
  std::function<void(exit_code)> end; ///< the node cannot go on; from any thread
};

/// The actors that decide: catalog, hub, intake, housekeeper, and the supervisor with its
/// partitions.
class engine {
public:
  explicit engine(engine_neighbours around);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Loads the catalogue's tables and imports changed files. Blocks. Errors: in one line.
  std::optional<start_failure> load_catalogue(const std::filesystem::path& directory);

  /// Starts the partitions and blocks until all are replayed, or the node must end.
  std::optional<start_failure> replay();

  /// Tells those with deadlines that the wall clock jumped.
  void clock_jumped();

  /// Drains, then ends the actors.
  void stop(std::chrono::milliseconds limit);

  [[nodiscard]] const intake_actor& intake() const {
    return intake_;
  }
  [[nodiscard]] const catalog_actor& catalog() const {
    return catalog_;
  }
  [[nodiscard]] const hub_actor& hub() const {
    return hub_;
  }
  [[nodiscard]] const housekeeper_actor& housekeeper() const {
    return housekeeper_;
  }
  [[nodiscard]] const supervisor_actor& supervisor() const {
    return supervisor_;
  }

private:
  void spawn_front();
  void spawn_supervisor();
  void listen_to_journal();
  void settle(std::optional<start_failure> how);

  engine_neighbours around_;
  catalog_actor catalog_;
  hub_actor hub_;
  intake_actor intake_;
  housekeeper_actor housekeeper_;
  supervisor_actor supervisor_;
  std::promise<std::optional<start_failure>> settled_;
  std::once_flag once_;
  bool stopped_ = false;
};

} // namespace carillon::daemon
