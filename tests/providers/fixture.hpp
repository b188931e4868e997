#pragma once

#include "messages/time.hpp"

#include "config/settings.hpp"

#include <chrono>
#include <string>

namespace carillon::test {

/// The real clock.
class system_time final : public clock {
public:
  timestamp now() const noexcept override {
    return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
  }
};

/// A complete `[[provider]]` of kind twilio.
inline provider_settings twilio_settings(const std::string& base_url = {}) {
  provider_settings out;
  out.name = "twilio-main";
  out.kind = "twilio";
  out.base_url = base_url;
  out.from = "+15550009999";
  out.credentials = {{"account_sid", "AC1"}, {"auth_token", "token"}};
  return out;
}

} // namespace carillon::test
