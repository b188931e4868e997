#pragma once

#include "messages/enums.hpp"
#include "messages/ids.hpp"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

using json_ptr = std::shared_ptr<const nlohmann::json>;

/// A phone, browser or tablet that gets push messages.
struct device {
  std::string token;
  std::string platform; ///< fcm, apns, webpush
  json_ptr details;     ///< the API's body, e.g. web push keys
};

/// Who a recipient is: the API's recipient body. An unknown recipient has an empty one.
struct profile {
  std::string name;
  std::string first_name;
  std::string locale;
  std::string timezone; ///< IANA name or empty
  std::string organization;
  std::string provider; ///< the practitioner, for preference layers
  std::vector<std::string> roles;
  std::string sms; ///< E.164
  std::string email;
  std::string whatsapp;
  json_ptr attributes; ///< an object, or null pointer
  std::vector<device> devices;
};

/// Minutes since midnight, local, `start` to `end` and over midnight where end < start. Layers are
/// merged member by member, so each may be absent.
struct quiet_hours {
  std::optional<bool> enabled; ///< absent in all layers: on, if start and end are known
  std::optional<std::chrono::minutes> start;
  std::optional<std::chrono::minutes> end;
  std::string timezone;                               ///< empty: the recipient's
  std::optional<std::vector<channel>> channels;       ///< absent: all but in_app
  std::optional<std::vector<std::string>> exceptions; ///< categories or types
};

struct do_not_disturb {
  bool enabled = false;
  timestamp until; ///< no_time: until switched off
};

struct channel_switch {
  std::optional<bool> enabled;
  std::map<category, bool> categories;
};

/// One layer of preferences; an absent field says nothing, and the next layer is asked.
struct preferences {
  std::optional<bool> global_opt_out;
  std::map<channel, channel_switch> channels;
  std::map<category, bool> categories;
  std::optional<carillon::quiet_hours> quiet_hours;
  std::optional<carillon::do_not_disturb> do_not_disturb;
  std::map<std::string, std::string> frequency;
  std::map<std::string, std::string> digest;
  std::optional<std::string> language;
  std::optional<std::vector<channel>> preferred_channels;
};
using preferences_ptr = std::shared_ptr<const preferences>;

/// What is wrong with a body, and where (RFC 6901 pointer).
struct problem_item {
  std::string pointer;
  std::string message;
};
using problem_items = std::vector<problem_item>;

} // namespace carillon
