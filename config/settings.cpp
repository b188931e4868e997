#include "config/settings.hpp"

namespace carillon {

std::array<window_limits, enum_count<channel>> settings::default_limits() {
  std::array<window_limits, enum_count<channel>> limits{};
  auto of = [&](channel on) -> window_limits& { return limits[static_cast<std::size_t>(on)]; };
  of(channel::sms) = {5, 10, 50};
  of(channel::email) = {2, 20, 100};
  of(channel::push) = {10, 50, 200};
  return limits;
}

} // namespace carillon
