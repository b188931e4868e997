#pragma once

#include "messages/journal.hpp"

#include "persistence/postgres/binary_array.hpp"
#include "persistence/postgres/link.hpp"

#include <absl/container/flat_hash_map.h>

#include <array>
#include <chrono>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace carillon::persistence {

/// What several committed batches mean to the read models, one line per notification.
struct fold {
  absl::flat_hash_map<notification_id, projection> lines;
  std::uint64_t position = 0;
  timestamp as_of;

  void add(const committed_batch& batch);
  void add(const projection& change);
};

/// The lease under which a projector writes: once it is another's, nothing is written any more.
struct projector_lease {
  std::string node;
  std::uint64_t epoch = 0; ///< 0: written without a lease
};

/// The body of a projector: one connection that commits without waiting for the disk. What it wrote
/// in the last seconds is kept: a crash of the server loses such commits, and then they are written
/// again. Used by one thread. Throws `sql_failure`.
class projection_writer {
public:
  projection_writer(std::string url, std::uint32_t lane, projector_lease lease = {});

  /// Writes the lines and the position; drops (and logs) a line that no database would take.
  void write(const fold& what);

  /// Whether something written may not be on the disk yet.
  bool is_unconfirmed() const {
    return !kept_.empty();
  }

  /// Forgets what is on the disk by now; writes again what a crash of the server lost.
  void confirm();

private:
  void open();
  void begin();
  void write_again(std::uint64_t stored);
  void write_lines(std::span<const projection> lines);
  void write_once(std::span<const projection> lines);
  void write_created(std::span<const projection> lines);
  void write_changed(std::span<const projection> lines);
  void write_dead_letters(std::span<const projection> lines);
  void write_position(std::uint64_t position, timestamp as_of);
  void commit_position(std::uint64_t position, timestamp as_of);
  void forget_old();
  void keep(std::vector<projection> lines, const fold& what);

  struct kept_fold {
    std::chrono::steady_clock::time_point at;
    std::uint64_t position;
    timestamp as_of;
    std::vector<projection> lines;
  };

  std::uint32_t lane_;
  projector_lease lease_;
  link link_;
  std::deque<kept_fold> kept_;
  bool has_dead_letters_ = true; ///< whether the table may hold any
};

} // namespace carillon::persistence
