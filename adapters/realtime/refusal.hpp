#pragma once

#include "adapters/realtime/handover.hpp"

#include <string>

namespace carillon::realtime {

/// Writes a whole answer with an RFC 9457 problem and closes. The socket stays on the loop that it
/// came from.
void refuse(stream_socket socket, unsigned status, std::string detail, std::string instance,
            std::string request_id);

} // namespace carillon::realtime
