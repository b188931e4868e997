#include "adapters/providers/provider.hpp"
#include "adapters/providers/twilio/provider.hpp"

#include <array>

namespace carillon::providers {

namespace {

constexpr std::array kinds{
    provider_kind{"twilio", channel::sms, &twilio::check_settings, &twilio::make},
};

} // namespace

std::span<const provider_kind> provider_kinds() noexcept {
  return kinds;
}

} // namespace carillon::providers
