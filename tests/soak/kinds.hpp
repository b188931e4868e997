#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace carillon::soak {

/// Who gets it. Each crowd is there for something of its own.
enum class crowd {
  many,      ///< most of the load, under their limits
  hot,       ///< about as much as their limit allows: what an outage held up is over it
  night,     ///< with quiet hours: some end during the run, some after it
  fickle,    ///< switch SMS off and on
  reachless, ///< without a phone number
  readers,   ///< with a live session
};

std::string name_of(crowd which, unsigned number);
std::string phone_of(crowd which, unsigned number);
unsigned size_of(crowd which);

/// A kind of event: what its rule plans, and how often it comes.
struct event_kind {
  std::string type;
  unsigned weight = 1;
  crowd who = crowd::many;
  std::size_t least = 1; ///< notifications that its 202 may name
  std::size_t most = 1;
  nlohmann::json rule; ///< merged into an SMS rule's notification; null: no rule matches it
  bool later = false;  ///< has a time and a correlation key in its data
};

const std::vector<event_kind>& event_kinds();

/// The rules: one for each kind, and for what moves and takes back the later ones.
struct named_rule {
  std::string name;
  nlohmann::json body;
};
std::vector<named_rule> rules_of_kinds();

} // namespace carillon::soak
