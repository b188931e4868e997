#include "actors/preference_gate/resolve.hpp"

#include "actors/support/zones.hpp"

namespace carillon {

namespace {

const preferences* find_layer(const std::map<std::string, preferences_ptr>& layers,
                              const std::string& name) {
  if (name.empty())
    return nullptr;
  auto i = layers.find(name);
  return i == layers.end() ? nullptr : i->second.get();
}

/// A member of quiet_hours.
template <class T>
auto of_hours(std::optional<T> quiet_hours::*member) {
  return [member](const preferences& p) {
    return p.quiet_hours ? (*p.quiet_hours).*member : std::optional<T>{};
  };
}

const date::time_zone* zone_in(const preferences* p) {
  return p && p->quiet_hours ? find_zone(p->quiet_hours->timezone) : nullptr;
}

const date::time_zone* zone_for(const preference_layers& layers, const date::time_zone* home) {
  const auto& all = layers.all();
  if (const auto* own = zone_in(all[0]))
    return own;
  if (home)
    return home;
  for (std::size_t i = 1; i < all.size(); ++i)
    if (const auto* wider = zone_in(all[i]))
      return wider;
  return nullptr;
}

} // namespace

preference_layers layers_of(const preferences* own, const tenant_catalogue& catalogue,
                            const std::string& provider, const std::string& organization) {
  return {own, find_layer(catalogue.providers, provider),
          find_layer(catalogue.organizations, organization), catalogue.global.get()};
}

std::optional<effective_quiet_hours> resolve_quiet_hours(const preference_layers& layers,
                                                         const date::time_zone* home) {
  auto enabled = layers.first(of_hours(&quiet_hours::enabled));
  if (enabled && !enabled->value)
    return std::nullopt;
  auto start = layers.first(of_hours(&quiet_hours::start));
  auto end = layers.first(of_hours(&quiet_hours::end));
  if (!start || !end)
    return std::nullopt;
  effective_quiet_hours out;
  out.start = start->value;
  out.end = end->value;
  out.from = std::min(start->from, end->from);
  if (auto channels = layers.first(of_hours(&quiet_hours::channels)))
    out.channels = std::move(channels->value);
  if (auto exceptions = layers.first(of_hours(&quiet_hours::exceptions)))
    out.exceptions = std::move(exceptions->value);
  out.zone = zone_for(layers, home);
  out.zone_known = out.zone != nullptr;
  if (!out.zone)
    out.zone = find_zone("UTC");
  return out;
}

} // namespace carillon
