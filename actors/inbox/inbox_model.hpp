#pragma once

#include "messages/engine.hpp"
#include "messages/local.hpp"
#include "messages/people.hpp"
#include "messages/sealing.hpp"

#include "actors/inbox/inbox_box.hpp"
#include "actors/support/recipient_map.hpp"

#include <absl/container/flat_hash_map.h>
#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

class byte_reader;
class byte_writer;

/// The inboxes of one partition's recipients as a fold over facts. Shows only what is durable;
/// decides on everything applied. Knows no actor and no socket. The sealer is used as a function of
/// key and bytes.
class inbox_model {
public:
  explicit inbox_model(sealer& seal, inbox_limits limits = {});

  // -- commands -----------------------------------------------------------------

  /// What the command would change. Repeating a command changes nothing and answers the same.
  inbox_proposal decide(const inbox_command& what, timestamp now);

  // -- facts --------------------------------------------------------------------

  /// Folds one fact; those that are no inbox's business are ignored. With `durable` it may be shown
  /// at once.
  void apply(const applied_fact& what, bool durable, timestamp now);

  /// Everything up to the offset is durable. @returns the offset shown before.
  std::uint64_t make_durable(const frames_durable& what, timestamp now);

  void know(const know_key& what);

  /// Drops the items, the key and all words. The offsets go on.
  void forget(const tenant_id& tenant, const recipient_id& recipient);

  // -- snapshots ----------------------------------------------------------------

  /// The inbox in bytes, as it is when all that is decided is durable; empty if there is nothing.
  std::string save(const person& who);

  /// Puts a saved inbox in the place of what is there, unless that is as new. Key and watchers
  /// stay. Damaged bytes leave it empty behind the offset they still tell.
  void restore(const person& who, std::string_view saved, timestamp now);

  /// Forgets the inbox until it is restored. One that is watched, or waits for something to become
  /// durable, stays.
  void evict(const person& who);

  // -- readers ------------------------------------------------------------------

  /// Remembers whether live frames of the recipient are wanted.
  void watch(const watch_inbox& what);
  [[nodiscard]] bool is_watched(const tenant_id& tenant, const recipient_id& recipient) const;

  /// Where a session stands and what it missed.
  inbox_resumed resume(const resume_inbox& what, timestamp now);

  /// The durable frames after an offset, oldest first. What cannot be unsealed or has expired is
  /// left out.
  std::vector<live_frame_ptr> frames_after(const tenant_id& tenant, const recipient_id& recipient,
                                           std::uint64_t offset);

private:
  using owner = std::pair<tenant_id, recipient_id>;

  inbox_box& box_of(const tenant_id& tenant, const recipient_id& recipient);
  inbox_box* find(const tenant_id& tenant, const recipient_id& recipient);

  void commit(inbox_box& box, const applied_fact& what);
  void commit_post(inbox_box& box, const applied_fact& what, const in_app_posted& post);
  void commit_change(inbox_box& box, const applied_fact& what, const in_app_changed& change);
  void drop_expired(inbox_box& box, timestamp now);
  void drop_item(inbox_box& box, const notification_id& id);
  void trim(inbox_box& box);

  inbox_proposal decide_change(inbox_box& box, const inbox_command& what, in_app_change change);
  inbox_proposal decide_read_all(inbox_box& box, const inbox_command& what);
  answer list(inbox_box& box, const inbox_command& what);
  std::vector<live_frame_ptr> unread_frames(const owner& whose, const inbox_box& box);
  live_frame_ptr frame_of(const owner& whose, const inbox_box& box, const inbox_item& item);

  [[nodiscard]] std::string write(const inbox_box& box) const;
  void write_item(byte_writer& out, const inbox_item& x) const;
  bool read_box(std::string_view saved, inbox_box& to);
  bool read_items(byte_reader& in, inbox_box& to);

  std::uint32_t intern(const std::string& word);

  sealer& seal_;
  inbox_limits limits_;
  recipient_map<std::unique_ptr<inbox_box>> boxes_;
  absl::flat_hash_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> words_;
};

} // namespace carillon
