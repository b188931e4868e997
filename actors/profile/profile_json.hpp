#pragma once

#include "messages/profile.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

/// The API's bodies about a person, to and from JSON. A reader notes every problem with its
/// pointer; what it gives back is of use only if it noted none.
namespace carillon {

/// Reads the recipient body of docs/api.md. Phone numbers come out in E.164 form. Devices are not
/// part of it.
profile parse_profile(const nlohmann::json& body, problem_items& problems);

/// What `to_json` wrote, taken at its word: the checks, of phone numbers above all, cost more than
/// all the rest of a send.
profile read_profile(const nlohmann::json& body);

/// The recipient body; members without a value are left out, and so are devices.
nlohmann::json to_json(const profile& who);

/// RFC 7396 patch of a profile; devices stay as they are.
profile patch_profile(const profile& who, const nlohmann::json& patch, problem_items& problems);

/// Reads a device body: `platform` and the platform's own members, which stay in `details`.
device parse_device(std::string token, const nlohmann::json& body, problem_items& problems);

/// `{"token","platform",...}`, the form that is sealed with device_changed.
nlohmann::json to_json(const device& what);

/// Reads the sealed form.
device parse_sealed_device(const nlohmann::json& body);

} // namespace carillon
