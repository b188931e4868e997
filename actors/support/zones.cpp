#include "actors/support/zones.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace carillon {

const date::time_zone* find_zone(std::string_view name) {
  if (name.empty() || name.size() > 64)
    return nullptr;
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr; // the library has no other way to say "no such zone"
  }
}

std::string_view name_of(const date::time_zone& zone) noexcept {
  return zone.name();
}

} // namespace carillon
