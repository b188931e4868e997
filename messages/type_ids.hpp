#pragma once

#include "messages/inspect.hpp"

#include <caf/type_id.hpp>

/// The numbers of the messages that cross nodes. Append only: two versions of the daemon share
/// them. Add the block to an actor system's configuration with
/// `add_message_types<caf::id_block::carillon>()`.
CAF_BEGIN_TYPE_ID_BLOCK(carillon, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(carillon, (::carillon::notification_command))
CAF_ADD_TYPE_ID(carillon, (::carillon::provider_report))
CAF_ADD_TYPE_ID(carillon, (::carillon::claim_request))
CAF_ADD_TYPE_ID(carillon, (::carillon::claim_answer))
CAF_ADD_TYPE_ID(carillon, (::carillon::complete_request))
CAF_ADD_TYPE_ID(carillon, (::carillon::inbox_command))
CAF_ADD_TYPE_ID(carillon, (::carillon::resume_inbox))
CAF_ADD_TYPE_ID(carillon, (::carillon::watch_inbox))
CAF_ADD_TYPE_ID(carillon, (::carillon::drain))
CAF_END_TYPE_ID_BLOCK(carillon)
