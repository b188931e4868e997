#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace carillon {

/// One line of a typed actor's interface: `on<A>::reply<B>` or `on<A>::accept`. The only place that
/// spells CAF's own words for it, which change with 1.0.
template <class... In>
struct on {
  template <class... Out>
  using reply = typename caf::replies_to<In...>::template with<Out...>;
  using accept = caf::reacts_to<In...>;
};

} // namespace carillon
