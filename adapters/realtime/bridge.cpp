#include "adapters/realtime/bridge.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace carillon::realtime {

namespace {

std::string words_for(const answer& what) {
  switch (what.what) {
  case answer::kind::ok:
  case answer::kind::created:
  case answer::kind::accepted:
  case answer::kind::no_content:
    return {};
  default:
    return what.detail.empty() ? "Refused." : what.detail;
  }
}

} // namespace

bridge_actor::behavior_type bridge(bridge_actor::pointer self, intake_actor intake,
                                   std::chrono::milliseconds timeout) {
  return {
      [=](forward_command& m) {
        auto done = std::move(m.done);
        self->request(intake, timeout, std::move(m.what))
            .then([done](const answer& a) { done(words_for(a)); },
                  [done](const caf::error&) { done("Not possible now, try again."); });
      },
  };
}

} // namespace carillon::realtime
