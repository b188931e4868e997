#pragma once

#include "messages/engine.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace carillon {

/// Why the hub closes a session; the edge words it in its protocol.
namespace closing {
inline constexpr std::string_view draining = "draining";       ///< the node stops
inline constexpr std::string_view unavailable = "unavailable"; ///< the inbox could not be asked
inline constexpr std::string_view unrecovered
    = "unrecovered"; ///< more was missed than is kept: the client asks anew
} // namespace closing

/// A live connection of one recipient (WebSocket or SSE), as the hub sees it. Implemented at the
/// edge; every call may come from any thread and returns at once. A session that cannot keep up
/// closes itself and resumes later.
class live_session {
public:
  virtual ~live_session() = default;
  /// First: where the recipient stands, and what was missed.
  virtual void resumed(const inbox_resumed& answer) = 0;
  /// Then: frames in order of offset. The same bytes go to all sessions.
  virtual void push(const live_frame_ptr& frame) = 0;
  /// One of `closing`; the client comes back.
  virtual void close(std::string_view why) = 0;
};
using live_session_ptr = std::shared_ptr<live_session>;

/// Edge to hub: a session said `start` (fresh) or `resume` with the offset it has.
struct session_opened {
  tenant_id tenant;
  recipient_id recipient;
  live_session_ptr session;
  std::uint64_t offset = 0;
  bool fresh = true;
};
/// Edge to hub: the connection is gone.
struct session_closed {
  tenant_id tenant;
  recipient_id recipient;
  live_session_ptr session;
};

} // namespace carillon
