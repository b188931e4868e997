#include "messages/errors.hpp"

#include "actors/partition/partition.hpp"
#include "actors/profile/consent_json.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/profile/profile_json.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;
using verb = recipient_command::verb;

answer invalid(problem_items problems) {
  return {answer::kind::invalid, {}, std::move(problems), "the body is not valid", 0};
}

answer unknown_recipient() {
  return {answer::kind::not_found, {}, {}, "no such recipient", 0};
}

answer stale(std::uint64_t version) {
  return {answer::kind::precondition_failed,
          {},
          {},
          "it was changed meanwhile; read it again",
          version};
}

std::uint8_t contacts_of(const profile& who) noexcept {
  auto bit = [](channel c, const std::string& text) {
    return text.empty() ? 0U : 1U << static_cast<unsigned>(c);
  };
  return static_cast<std::uint8_t>(bit(channel::sms, who.sms) | bit(channel::email, who.email)
                                   | bit(channel::whatsapp, who.whatsapp));
}

json with_id(json body, const recipient_id& id) {
  body["id"] = id.str();
  return body;
}

} // namespace

caf::result<answer> partition_state::on_recipient(const recipient_command& m) {
  if (!ready_ || draining_)
    return unavailable();
  auto promise = self_->make_response_promise<answer>();
  with_person(m.tenant, m.recipient, [this, m, promise]() mutable {
    if (m.what != verb::get_resolved_preferences)
      return answer_after(next_sequence_ - 1, promise, handle(m));
    self_->request(gate_, caf::infinite, m)
        .then([promise](const answer& a) mutable { promise.deliver(a); },
              [promise](const caf::error& e) mutable { promise.deliver(e); });
  });
  return promise;
}

answer partition_state::handle(const recipient_command& m) {
  switch (m.what) {
  case verb::get:
    return show_profile(m);
  case verb::put:
  case verb::patch:
    return change_profile(m);
  case verb::erase:
    return erase(m);
  case verb::get_preferences:
    return show_preferences(m);
  case verb::put_preferences:
  case verb::patch_preferences:
    return change_preferences(m);
  case verb::put_device:
  case verb::remove_device:
    return change_device(m);
  case verb::add_consent:
    return add_consent(m);
  default:
    return list_consents(m);
  }
}

// -- profile --------------------------------------------------------------------------------------

answer partition_state::show_profile(const recipient_command& m) {
  const auto* r = model_->recipients.find(m.tenant, m.recipient);
  if (r == nullptr || r->profile.empty())
    return unknown_recipient();
  auto lost = false;
  auto who = model_->recipients.open_profile(*r, m.recipient, lost);
  return {answer::kind::ok, with_id(to_json(who), m.recipient).dump(), {}, {}, r->profile_version};
}

answer partition_state::change_profile(const recipient_command& m) {
  auto* r = model_->recipients.find(m.tenant, m.recipient);
  auto known = r != nullptr && !r->profile.empty();
  auto version = r == nullptr ? 0 : r->profile_version;
  if (m.what == verb::patch && !known)
    return unknown_recipient();
  if (m.if_match != 0 && m.if_match != version)
    return stale(version);
  problem_items problems;
  auto lost = false;
  auto who = m.what == verb::patch ? patch_profile(
                 model_->recipients.open_profile(*r, m.recipient, lost), *m.body, problems)
                                   : parse_profile(*m.body, problems);
  if (!problems.empty())
    return invalid(std::move(problems));
  input in;
  in.tenant = m.tenant;
  in.at = now();
  auto& e = key_for(m.tenant, m.recipient, in);
  recipient_changed f;
  f.recipient = m.recipient;
  f.version = version + 1;
  f.timezone = who.timezone;
  f.organization = who.organization;
  f.provider = who.provider;
  f.roles = who.roles;
  f.contacts = contacts_of(who);
  auto body = to_json(who);
  auto sealed = seal().seal(e.key, body.dump(), context_of(m.recipient));
  in.facts.push_back({{}, m.recipient, std::move(f), std::move(sealed)});
  commit(std::move(in));
  wake_held(m.tenant, m.recipient);
  return {known ? answer::kind::ok : answer::kind::created,
          with_id(std::move(body), m.recipient).dump(),
          {},
          {},
          version + 1};
}

/// Forgets the person: their key goes with this append, and what waits for them is called off.
answer partition_state::erase(const recipient_command& m) {
  auto* r = model_->recipients.find(m.tenant, m.recipient);
  if (r == nullptr || (r->key.empty() && r->profile.empty()))
    return unknown_recipient();
  input in;
  in.tenant = m.tenant;
  in.at = now();
  in.keys.push_back(key_row(m.tenant, m.recipient, {}));
  in.facts.push_back({{}, m.recipient, recipient_erased{m.recipient}, {}});
  commit(std::move(in));
  std::vector<notification_id> theirs;
  model_->notifications().each([&](const notification_entry& e) {
    if (e.tenant == m.tenant && e.state.recipient == m.recipient && !e.state.finished)
      theirs.push_back(e.state.id);
  });
  for (const auto& id : theirs)
    if (auto* e = model_->find(id)) {
      delivery_command c;
      c.what = delivery_command::verb::erase;
      c.why = reason::recipient_erased;
      command(*e, std::move(c), [](const answer*) {});
    }
  return {answer::kind::no_content, {}, {}, {}, 0};
}

/// What a change of the person may have set free, or forbidden, is looked at again.
void partition_state::wake_held(const tenant_id& tenant, const recipient_id& recipient) {
  std::vector<notification_id> held;
  model_->notifications().each([&](const notification_entry& e) {
    if (e.tenant == tenant && e.state.recipient == recipient && !e.state.finished
        && e.state.now == status::deferred)
      held.push_back(e.state.id);
  });
  for (const auto& id : held)
    if (auto* e = model_->find(id))
      command(*e, {delivery_command::verb::look_again}, [](const answer*) {});
}

// -- preferences, devices, consents ---------------------------------------------------------------

answer partition_state::show_preferences(const recipient_command& m) {
  const auto* r = model_->recipients.find(m.tenant, m.recipient);
  if (r == nullptr || r->preferences.empty())
    return {answer::kind::ok, "{}", {}, {}, 0};
  return {answer::kind::ok, r->preferences, {}, {}, r->preferences_version};
}

answer partition_state::change_preferences(const recipient_command& m) {
  const auto* r = model_->recipients.find(m.tenant, m.recipient);
  auto version = r == nullptr ? 0 : r->preferences_version;
  if (m.if_match != 0 && m.if_match != version)
    return stale(version);
  problem_items problems;
  preferences own;
  if (m.what == verb::patch_preferences && r != nullptr && !r->preferences.empty()) {
    problem_items ignored;
    own = patch_preferences(parse_preferences(json::parse(r->preferences), ignored), *m.body,
                            problems);
  } else if (m.what == verb::patch_preferences) {
    own = patch_preferences({}, *m.body, problems);
  } else {
    own = parse_preferences(*m.body, problems);
  }
  if (!problems.empty())
    return invalid(std::move(problems));
  preferences_changed f;
  f.recipient = m.recipient;
  f.version = version + 1;
  f.body = to_json(own).dump();
  answer a{answer::kind::ok, f.body, {}, {}, version + 1};
  input in;
  in.tenant = m.tenant;
  in.at = now();
  in.facts.push_back({{}, m.recipient, std::move(f), {}});
  commit(std::move(in));
  wake_held(m.tenant, m.recipient);
  return a;
}

answer partition_state::change_device(const recipient_command& m) {
  device_changed f;
  f.recipient = m.recipient;
  f.token = make_hash(m.key);
  f.removed = m.what == verb::remove_device;
  input in;
  in.tenant = m.tenant;
  in.at = now();
  std::string sealed;
  answer a{answer::kind::no_content, {}, {}, {}, 0};
  if (f.removed) {
    const auto* r = model_->recipients.find(m.tenant, m.recipient);
    auto same = [&](const auto& d) { return d.first == f.token; };
    if (r == nullptr
        || std::find_if(r->devices.begin(), r->devices.end(), same) == r->devices.end())
      return {answer::kind::not_found, {}, {}, "no such device", 0};
  } else {
    problem_items problems;
    auto what = parse_device(m.key, *m.body, problems);
    if (!problems.empty())
      return invalid(std::move(problems));
    auto& e = key_for(m.tenant, m.recipient, in);
    auto body = to_json(what);
    sealed = seal().seal(e.key, body.dump(), context_of(m.recipient));
    a = {answer::kind::ok, body.dump(), {}, {}, 0};
  }
  in.facts.push_back({{}, m.recipient, std::move(f), std::move(sealed)});
  commit(std::move(in));
  return a;
}

answer partition_state::add_consent(const recipient_command& m) {
  problem_items problems;
  auto given = parse_consent(m.recipient, *m.body, problems);
  if (!problems.empty())
    return invalid(std::move(problems));
  input in;
  in.tenant = m.tenant;
  in.at = now();
  auto& e = key_for(m.tenant, m.recipient, in);
  auto sealed = seal().seal(e.key, given.protected_text, context_of(m.recipient));
  auto body = to_json(given.entry, in.at, given.protected_text).dump();
  in.facts.push_back({{}, m.recipient, std::move(given.entry), std::move(sealed)});
  commit(std::move(in));
  wake_held(m.tenant, m.recipient);
  return {answer::kind::created, std::move(body), {}, {}, 0};
}

answer partition_state::list_consents(const recipient_command& m) {
  auto items = json::array();
  if (const auto* r = model_->recipients.find(m.tenant, m.recipient))
    for (std::size_t i = 0; i < r->consents.size(); ++i) {
      auto plain = seal().unseal(r->key, r->consents_sealed[i], context_of(m.recipient));
      items.push_back(
          to_json(r->consents[i].second, r->consents[i].first, plain.value_or(std::string{})));
    }
  return {answer::kind::ok,
          json{{"items", std::move(items)}, {"next_cursor", nullptr}}.dump(),
          {},
          {},
          0};
}

// -- inbox ----------------------------------------------------------------------------------------

caf::result<answer> partition_state::on_inbox(const inbox_command& m) {
  if (!ready_ || draining_)
    return unavailable();
  auto promise = self_->make_response_promise<answer>();
  with_person(m.tenant, m.recipient, [this, m, promise] {
    self_->request(inbox_, caf::infinite, m)
        .then([this, m, promise, here = model_->residence.here()](
                  const inbox_proposal& p) { change_inbox(m, p, promise); },
              [promise](const caf::error& e) mutable { promise.deliver(e); });
  });
  return promise;
}

caf::result<inbox_resumed> partition_state::on_resume(const resume_inbox& m) {
  if (!ready_)
    return unavailable();
  auto promise = self_->make_response_promise<inbox_resumed>();
  with_person(m.tenant, m.recipient, [this, m, promise] {
    self_->request(inbox_, caf::infinite, m)
        .then([promise](const inbox_resumed& x) mutable { promise.deliver(x); },
              [promise](const caf::error& e) mutable { promise.deliver(e); });
  });
  return promise;
}

/// Numbers what the reader changed, and tells the deliveries that wait for a confirmation.
void partition_state::change_inbox(const inbox_command& m, const inbox_proposal& p,
                                   answer_promise promise) {
  if (!p.changes.empty()) {
    input in;
    in.tenant = m.tenant;
    in.at = now();
    auto& e = key_for(m.tenant, m.recipient, in);
    auto offset = e.inbox_offset;
    for (auto [id, change] : p.changes) {
      change.offset = ++offset;
      in.facts.push_back({id, m.recipient, std::move(change), {}});
    }
    auto sequence = commit(std::move(in));
    show_frames(m.tenant, m.recipient, sequence);
  }
  answer_after(next_sequence_ - 1, promise, p.reply);
  for (const auto& [id, change] : p.changes) {
    if (id.is_nil() || change.what == in_app_change::archived)
      continue;
    delivery_command c;
    c.what = delivery_command::verb::confirm_in_app;
    c.confirmed = change.what == in_app_change::acked ? status::delivered : status::read;
    with_entry(m.tenant, id, [this, c](notification_entry* e) {
      if (e != nullptr)
        command(*e, c, [](const answer*) {});
    });
  }
}

} // namespace carillon
