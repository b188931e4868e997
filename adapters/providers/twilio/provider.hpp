#pragma once

#include "adapters/providers/provider.hpp"

namespace carillon::providers::twilio {

/// Credentials `account_sid`, `auth_token`, and `from` or the credential `messaging_service_sid`.
std::vector<std::string> check_settings(const provider_settings& settings);

/// A provider for settings that check_settings has nothing to say about.
std::unique_ptr<provider> make(const provider_settings& settings, const environment& env);

} // namespace carillon::providers::twilio
