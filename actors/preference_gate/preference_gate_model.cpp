#include "actors/preference_gate/preference_gate_model.hpp"

#include "actors/preference_gate/checks.hpp"
#include "actors/preference_gate/resolved_json.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/support/zones.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

preference_layers layers_of(const gate_recipient& who, const tenant_catalogue& catalogue) {
  static const std::string none;
  return layers_of(who.own.get(), catalogue, who.provider ? *who.provider : none,
                   who.organization ? *who.organization : none);
}

const gate_recipient& or_nobody(const gate_recipient* who) {
  static const gate_recipient nobody;
  return who ? *who : nobody;
}

} // namespace

void preference_gate_model::decide(const tenant_catalogue& catalogue, assessment& about) const {
  const auto& who = or_nobody(recipients_.find(about.tenant, about.recipient));
  for (auto& step : about.steps)
    if (step.says == verdict::pass)
      decide_step(catalogue, about, who, step);
  if (!about.want_preferred)
    return;
  auto preferred
      = layers_of(who, catalogue).first([](const preferences& p) { return p.preferred_channels; });
  if (preferred)
    about.preferred = std::move(preferred->value);
}

void preference_gate_model::decide_step(const tenant_catalogue& catalogue, const assessment& about,
                                        const gate_recipient& who, step_verdict& step) const {
  auto layers = layers_of(who, catalogue);
  gate_question q{about,
                  step.on,
                  layers,
                  catalogue.categories[static_cast<std::size_t>(about.in)],
                  who.zone,
                  who.opted_out,
                  who.opted_out_marketing};
  for (const auto& c : gate_checks) {
    auto opinion = c.ask(q, about.now);
    if (opinion.says == verdict::pass) {
      step.passed |= 1U << static_cast<unsigned>(c.name);
      continue;
    }
    if (about.in == category::emergency) {
      // Passes, and the verdict tells what would have stopped it, for the log.
      step.why = opinion.why;
      step.by = c.name;
      step.from = opinion.from;
      step.inputs = std::move(opinion.inputs);
      continue;
    }
    step.says = opinion.says;
    step.why = opinion.why;
    step.by = c.name;
    step.from = opinion.from;
    step.until = opinion.until;
    step.inputs = std::move(opinion.inputs);
    return;
  }
}

void preference_gate_model::apply(const applied_fact& f) {
  const auto& body = *f.body;
  if (const auto* changed = std::get_if<recipient_changed>(&body)) {
    auto& who = recipients_.get(f.tenant, changed->recipient);
    who.zone = find_zone(changed->timezone);
    who.organization = share(changed->organization);
    who.provider = share(changed->provider);
  } else if (const auto* said = std::get_if<preferences_changed>(&body)) {
    recipients_.get(f.tenant, said->recipient).own = share_layer(said->body);
  } else if (const auto* consent = std::get_if<consent_recorded>(&body)) {
    auto& who = recipients_.get(f.tenant, consent->recipient);
    auto& mask = consent->purpose == "marketing" ? who.opted_out_marketing : who.opted_out;
    auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(consent->on));
    if (consent->consent_status == "opted_out")
      mask = static_cast<std::uint8_t>(mask | bit);
    else if (consent->consent_status == "opted_in")
      mask = static_cast<std::uint8_t>(mask & ~bit);
  } else if (const auto* erased = std::get_if<recipient_erased>(&body)) {
    forget(f.tenant, erased->recipient);
  }
}

void preference_gate_model::forget(const tenant_id& tenant, const recipient_id& who) {
  recipients_.erase(tenant, who);
}

nlohmann::json preference_gate_model::resolved(const tenant_catalogue& catalogue,
                                               const tenant_id& tenant,
                                               const recipient_id& who) const {
  return resolved_json(layers_of(or_nobody(recipients_.find(tenant, who)), catalogue));
}

const std::string* preference_gate_model::share(const std::string& text) {
  if (text.empty())
    return nullptr;
  auto& kept = shared_[text];
  if (!kept)
    kept = std::make_unique<std::string>(text);
  return kept.get();
}

preferences_ptr preference_gate_model::share_layer(const std::string& body) {
  auto& kept = layers_[make_hash(body)];
  if (auto known = kept.lock())
    return known;
  auto parsed = nlohmann::json::parse(body, nullptr, false);
  problem_items problems; // a body of another version may hold what this one does not know; the
                          // rest still counts
  auto out = std::make_shared<const preferences>(parse_preferences(parsed, problems));
  kept = out;
  if (layers_.size() > 1024)
    absl::erase_if(layers_, [](const auto& entry) { return entry.second.expired(); });
  return out;
}

} // namespace carillon
