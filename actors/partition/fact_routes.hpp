#pragma once

#include "messages/facts.hpp"

#include "actors/partition/partition_model.hpp"

/// Which child of a partition folds which facts; the same live and in replay.
namespace carillon {

bool concerns_gate(fact_type t) noexcept;
bool concerns_limiter(fact_type t) noexcept;
bool concerns_inbox(fact_type t) noexcept;
bool concerns_children(fact_type t) noexcept;

/// Whether it changes what is kept of a person, and so their snapshot.
bool concerns_person(fact_type t) noexcept;

/// Its sealed part is read again only to send: a start needs it not.
[[nodiscard]] bool is_content(fact_type t) noexcept;

/// The channel of the step that the fact is about; sms where it is about none.
channel channel_of(const fact& f, const notification_entry* entry);

} // namespace carillon
