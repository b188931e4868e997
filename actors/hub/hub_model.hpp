#pragma once

#include "messages/interfaces.hpp"

#include "actors/support/recipient_map.hpp"

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace carillon {

/// What the hub asks of owners, in this order: watching first, so that no frame falls between
/// answer and watch.
struct hub_requests {
  /// One session's question; `session` and `round` come back with the answer.
  struct question {
    resume_inbox what;
    std::uint64_t session = 0;
    std::uint32_t round = 0;
  };
  std::vector<watch_inbox> watches;
  std::vector<question> questions;
};

/// Numbers for `hub_model::on_failure`: a question is asked `tries` times, after 1, 2, 4, .. at
/// most `longest_pause` ticks.
struct hub_patience {
  std::uint32_t tries = 8;
  std::uint32_t longest_pause = 16;
};

/// Who is live on this node, and what each session was sent last. Gives every session its frames in
/// order of offset, none twice and none left out: while a session waits for an answer its frames
/// are held, and a gap makes it ask again. Pushes to sessions through their port; everything else
/// is a returned request. Knows no clock: pauses are in ticks.
class hub_model {
public:
  explicit hub_model(hub_patience patience = {}) : patience_(patience) {}

  hub_requests open(const session_opened& what);
  hub_requests close(const session_closed& what);

  /// A frame of somebody's inbox. @returns questions for sessions that missed one before it.
  hub_requests on_frame(const live_frame_ptr& frame);

  hub_requests on_answer(std::uint64_t session, std::uint32_t round, const inbox_resumed& answer);

  /// The owner could not be asked: the session asks again at a later tick, or is closed.
  void on_failure(std::uint64_t session, std::uint32_t round);

  /// @returns what is due to be asked again.
  hub_requests on_tick();

  /// @returns whether somebody waits for a tick.
  [[nodiscard]] bool wants_tick() const {
    return !paused_.empty();
  }

  /// Owners moved or restarted: everything that they were asked is asked again.
  hub_requests on_owners(const partition_table& owners);

  /// Closes every session and refuses new ones from now on.
  void drain();

  [[nodiscard]] std::size_t sessions() const {
    return by_number_.size();
  }
  [[nodiscard]] std::uint64_t frames() const {
    return frames_;
  }

private:
  struct live {
    live_session_ptr session;
    tenant_id tenant;
    recipient_id recipient;
    std::uint64_t number = 0;
    std::uint64_t last = 0;  ///< offset of the last frame sent, or that the client has
    std::uint32_t round = 0; ///< of the question that is out; older answers are stale
    std::uint32_t failures = 0;
    std::uint64_t ask_at = 0; ///< tick, while paused
    bool fresh = true;
    bool greeted = false; ///< `resumed` was called
    bool waiting = false;
    std::vector<live_frame_ptr> held; ///< while waiting
  };
  struct audience {
    partition_id owner;
    std::vector<live*> sessions;
  };

  void ask(live& who, hub_requests& out);
  void offer(live& who, const live_frame_ptr& frame, hub_requests& out);
  void push(live& who, const live_frame_ptr& frame);
  void dismiss(live& who, std::string_view why, hub_requests& out);
  void remove(live& who, hub_requests& out);
  void release(live& who);
  void pause(live& who);
  live* find(std::uint64_t session);

  hub_patience patience_;
  recipient_map<audience> audiences_;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<live>> by_number_;
  absl::flat_hash_map<const live_session*, std::uint64_t> numbers_;
  std::vector<std::uint64_t> paused_;
  partition_table owners_;
  std::uint64_t next_ = 1;
  std::uint64_t tick_ = 0;
  std::uint64_t frames_ = 0;
  bool draining_ = false;
};

} // namespace carillon
