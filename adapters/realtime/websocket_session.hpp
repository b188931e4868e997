#pragma once

#include "adapters/realtime/handover.hpp"
#include "adapters/realtime/session.hpp"

#include <memory>
#include <string>

namespace carillon::realtime {

/// The subprotocol of our WebSockets.
inline constexpr std::string_view subprotocol = "carillon.v1";

/// @returns a session that answers the upgrade when it begins. For a plain socket on the shard's
/// loop, and for a TLS stream whose executor is the shard's.
std::shared_ptr<session> make_websocket_session(std::shared_ptr<shard> home, tenant_id tenant,
                                                recipient_id recipient, stream_socket socket,
                                                stream_request request, std::string request_id);

} // namespace carillon::realtime
