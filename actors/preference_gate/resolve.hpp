#pragma once

#include "messages/catalogue.hpp"

#include <array>
#include <optional>

namespace date {
class time_zone;
} // namespace date

namespace carillon {

/// A value and the layer that said it.
template <class T>
struct resolved {
  T value{};
  layer from = layer::none;
};

/// The layers that speak about one recipient, most specific first: recipient, provider,
/// organization, global. Any may be null. The field of the most specific layer that has it wins.
class preference_layers {
public:
  preference_layers(const preferences* own, const preferences* provider,
                    const preferences* organization, const preferences* global)
      : layers_{own, provider, organization, global} {}

  /// The first layer for which `get(preferences) -> std::optional<T>` gives something.
  template <class F>
  auto first(F get) const {
    using T = typename decltype(get(*layers_[0]))::value_type;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (layers_[i])
        if (auto found = get(*layers_[i]))
          return std::optional{resolved<T>{std::move(*found), at(i)}};
    return std::optional<resolved<T>>{};
  }

  [[nodiscard]] const std::array<const preferences*, 4>& all() const noexcept {
    return layers_;
  }
  static layer at(std::size_t i) noexcept {
    return static_cast<layer>(i + 1);
  }

private:
  std::array<const preferences*, 4> layers_;
};

/// The layers of a recipient whose profile names these; absent ones are null.
preference_layers layers_of(const preferences* own, const tenant_catalogue& catalogue,
                            const std::string& provider, const std::string& organization);

/// Quiet hours as they apply to a recipient, merged member by member.
struct effective_quiet_hours {
  std::chrono::minutes start{0};
  std::chrono::minutes end{0};
  const date::time_zone* zone = nullptr; ///< never null
  bool zone_known = false; ///< false: nobody says where the recipient is, and UTC is used
  std::optional<std::vector<channel>> channels;
  std::vector<std::string> exceptions;
  layer from = layer::none; ///< of the window
};

/// Nothing if no layer switches them on or the window is not complete. The zone: the recipient's
/// own quiet_hours.timezone, else the profile's, else the zone of a wider layer, else UTC.
std::optional<effective_quiet_hours> resolve_quiet_hours(const preference_layers& layers,
                                                         const date::time_zone* home);

} // namespace carillon
