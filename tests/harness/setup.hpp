#pragma once

#include "tests/harness/http_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

/// The calls that set a daemon up for a test. Each throws `failure` with the answer when it is not
/// the wanted one.
namespace carillon::harness {

/// Throws unless the answer's status is `wanted`.
const http_reply& expect(const http_reply& reply, int wanted, std::string_view what);

void put_rule(http_client& api, const std::string& name, const nlohmann::json& rule);

/// Makes version 1 of a template and activates it.
void put_template(http_client& api, const std::string& name, const nlohmann::json& body);

void put_recipient(http_client& api, const std::string& id, const nlohmann::json& body);

/// A recipient's token.
std::string token_of(http_client& api, const std::string& id);

/// A structured CloudEvent.
nlohmann::json cloud_event(std::string_view type, std::string_view id, nlohmann::json data);

/// Posts it; gives the answer as it is.
http_reply post_event(http_client& api, const nlohmann::json& event);

/// A rule with one notification: `type` of the event and the notification, SMS at once with the
/// text `{{data.text}}`, for `data.who`, category transactional; `more` is merged into the
/// notification.
nlohmann::json sms_rule(std::string_view type, const nlohmann::json& more);

} // namespace carillon::harness
