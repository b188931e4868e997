#pragma once

#include "adapters/realtime/handover.hpp"
#include "adapters/realtime/session.hpp"

#include <memory>
#include <string>

namespace carillon::realtime {

/// @returns a session that speaks text/event-stream (WHATWG HTML 9.2) and resumes from
/// `Last-Event-ID`.
std::shared_ptr<session> make_sse_session(std::shared_ptr<shard> home, tenant_id tenant,
                                          recipient_id recipient, stream_socket socket,
                                          const stream_request& request, std::string request_id);

} // namespace carillon::realtime
