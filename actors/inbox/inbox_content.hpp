#pragma once

#include "messages/profile.hpp"

#include "actors/inbox/inbox_box.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Words for what an inbox holds: docs/realtime.md has the shapes.
namespace carillon {

/// Unseals an item: `{"title","body","actions":[..],"data":{..}}`, absent members filled in.
/// Nothing if the key is gone or the bytes are not such an object.
std::optional<nlohmann::json> read_content(sealer& seal, std::string_view wrapped_key,
                                           const inbox_item& item);

/// @returns whether the content offers that action: an entry of `actions` that is its name or has
/// it as `id`.
bool offers_action(const nlohmann::json& content, std::string_view action);

/// @returns whether every word of `folded_query` (see `fold_case`) is in title or body.
bool matches_query(const nlohmann::json& content, std::string_view folded_query);

/// Unicode case folding, so that a search does not mind capitals in any language.
std::string fold_case(std::string_view text);

/// `{"op":"notification","offset":..,"notification":{..}}`.
std::string word_notification(const inbox_item& item, std::string_view type,
                              const nlohmann::json& content);

/// `{"op":"update","offset":..,"id":..,"state":..,"unread":..}`; `id` is null where everything was
/// read.
std::string word_update(const inbox_update& update);

/// A list's item: the notification's members plus `offset`, `state` and the `action` taken or null.
std::string word_item(const inbox_item& item, std::string_view type, std::string_view action,
                      const nlohmann::json& content);

} // namespace carillon
