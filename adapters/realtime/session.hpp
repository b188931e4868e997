#pragma once

#include "messages/realtime.hpp"

#include "adapters/realtime/protocol.hpp"
#include "adapters/realtime/shard.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::realtime {

/// Why a session ends, as a WebSocket close code (RFC 6455 7.4.1).
enum class close_reason : std::uint16_t {
  going_away = 1001,
  policy = 1008,
  too_large = 1009,
  try_again = 1013
};

/// A frame on its way out; the bytes are shared by all sessions that get it.
struct outgoing {
  std::shared_ptr<const std::string> text;
  std::uint64_t offset = 0; ///< 0: not part of the inbox
  bool live = false;        ///< counts against the limits of a slow client
};

/// One live connection: what WebSocket and SSE have in common. Lives on its shard's loop; the hub's
/// calls come by mail. Owned by its shard while the socket is open, by its pending operations and
/// by the hub.
class session : public std::enable_shared_from_this<session> {
public:
  session(std::shared_ptr<shard> home, tenant_id tenant, recipient_id recipient);
  virtual ~session();

  /// Begins the protocol. Called once, after the shard took the session.
  virtual void begin() = 0;
  void receive(mail& what);
  void check_deadline(std::chrono::steady_clock::time_point now);

  /// Ends it politely. What waits to be sent is dropped: the client resumes.
  void finish(close_reason why, std::string_view detail);

  /// Ends it at once.
  void cut();

  std::size_t place = 0; ///< the shard's own

protected:
  enum class phase : std::uint8_t {
    silent,  ///< the handshake, or waiting for the first frame
    opening, ///< the hub was asked
    live,
    closing, ///< our close is out
    gone
  };

  // -- for the protocols --------------------------------------------------------------

  /// The client said where to begin.
  void open(const begin_op& how);
  /// Something came from the client, so it is alive.
  void heard();
  /// Sends, or queues, a frame that is not part of the inbox.
  void say(std::string text);
  /// The frame given to `start_write` is out, or the socket broke.
  void written(bool ok);
  /// As `finish`, but after everything queued is out.
  void finish_after_flush(close_reason why, std::string_view detail);
  void send_command(inbox_command what);
  /// Moves the deadline of the phase.
  void due_in(std::chrono::milliseconds wait);

  /// Writes one frame; `written` follows.
  virtual void start_write(const outgoing& frame) = 0;
  virtual void start_close(close_reason why, std::string_view detail) = 0;
  virtual void close_socket() = 0;
  /// The client was silent for `ping_every`, or since its deadline was last moved.
  virtual void on_silence() = 0;
  virtual void on_command_done(const command_done& what) = 0;

  [[nodiscard]] phase now_in() const {
    return phase_;
  }
  [[nodiscard]] node_state& node() const {
    return home_->node();
  }
  [[nodiscard]] shard& home() const {
    return *home_;
  }
  [[nodiscard]] const begin_op& begun() const {
    return begun_;
  }

private:
  void on_resumed(const inbox_resumed& answer);
  void on_frame(const live_frame_ptr& frame);
  void on_hub_close(std::string_view why);
  void enqueue(outgoing frame);
  void write_next();
  void drop_queue();

  std::shared_ptr<shard> home_;
  tenant_id tenant_;
  recipient_id recipient_;
  std::shared_ptr<session_link> link_;        // once the hub knows of it
  std::chrono::steady_clock::time_point due_; // of what the phase waits for
  begin_op begun_;
  std::vector<outgoing> queue_; // from head_; the first is being written while writing_
  std::size_t head_ = 0;
  std::size_t live_bytes_ = 0;
  std::uint32_t live_frames_ = 0;
  phase phase_ = phase::silent;
  bool writing_ = false;
  bool flushing_ = false;
  close_reason flush_reason_ = close_reason::policy;
};

} // namespace carillon::realtime
