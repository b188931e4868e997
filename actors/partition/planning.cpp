#include "actors/partition/planning.hpp"

#include "actors/delivery/inbox_content.hpp"
#include "actors/renderer/renderer.hpp"
#include "actors/rules/rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon {

namespace {

/// Of an event's data that a delivery may keep while it waits for its turn.
constexpr std::size_t most_kept_data = 4096;

/// The plain form of what is sealed beside a plan.
std::string plan_content(const event& e, const json_ptr& content) {
  std::string out = R"({"data":)";
  out += e.data_text.empty() ? "{}" : e.data_text;
  if (content) {
    out += R"(,"content":)";
    out += content->dump();
  }
  out += '}';
  return out;
}

notification_planned to_fact(const hash16& key, const event& e, const plan_item& item,
                             std::uint64_t catalogue_version, timestamp now) {
  notification_planned f;
  f.recipient = item.recipient;
  f.event_id = e.id;
  f.source = e.source;
  f.dedupe = key;
  f.ordinal = item.ordinal;
  f.notification_type = item.type;
  f.in = item.in;
  f.at = item.at;
  f.by = item.by;
  f.steps = item.steps;
  f.template_name = item.template_name;
  f.template_version = item.template_version;
  f.catalogue_version = catalogue_version;
  f.send_at = item.send_at > now ? item.send_at : no_time;
  f.expires_at = item.expires_at;
  f.correlation_key = item.correlation_key;
  return f;
}

/// The strategy `preferred`: what the recipient prefers first, then the rest in the rule's order.
void prefer(std::vector<planned_step>& steps, const std::vector<channel>& preferred) {
  auto place = [&](const planned_step& s) {
    return std::find(preferred.begin(), preferred.end(), s.on) - preferred.begin();
  };
  std::stable_sort(steps.begin(), steps.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

} // namespace

caf::result<events_answer> partition_state::on_plan(plan_events& m) {
  if (!ready_ || draining_)
    return unavailable();
  auto p = std::make_shared<planning>();
  p->request = std::move(m);
  p->at = now();
  p->reply.items.resize(p->request.plans.size());
  p->promise = self_->make_response_promise<events_answer>();
  p->here = model_->residence.here();
  p->keys.reserve(p->request.plans.size());
  for (const auto& plan : p->request.plans)
    p->keys.push_back(make_hash(p->request.tenant.str(), plan.about->source, plan.about->id));
  with_people(absent_people(p->request), [this, p] { recall_forgotten(p); });
  return p->promise;
}

/// Whom the request is about and who has to be read first.
std::vector<person> partition_state::absent_people(const plan_events& m) {
  std::vector<person> absent;
  auto look = [&](const recipient_id& who) {
    if (model_->residence.is_absent(m.tenant, who))
      absent.push_back({m.tenant, who});
  };
  for (const auto& plan : m.plans) {
    if (plan.home)
      look({}); // under whose key the event itself is kept
    for (const auto& item : plan.items) {
      if (item.role.empty())
        look(item.recipient);
      else
        for (const auto& who : model_->recipients.with_role(m.tenant, item.role))
          look(who);
    }
  }
  return absent;
}

/// Which events are new here, and what they cancel, move and plan.
void partition_state::sort_out(const planning_ptr& p) {
  const auto& tenant = p->request.tenant;
  for (std::size_t i = 0; i < p->request.plans.size(); ++i) {
    auto& plan = p->request.plans[i];
    p->reply.items[i].event_id = plan.about->id;
    const auto& key = p->keys[i];
    auto known = model_->events.find(key);
    if (known || plan.repeat) {
      answer_repeat(p, i, known.value_or(std::vector<notification_id>{}));
      continue;
    }
    auto keep = plan.home || !plan.items.empty();
    auto before = std::vector<notification_id>{};
    for (const auto* keys : {&plan.cancels, &plan.reschedules})
      for (const auto& k : *keys) {
        auto ids = model_->correlated(tenant, k);
        before.insert(before.end(), ids.begin(), ids.end());
      }
    if (keep)
      model_->events.remember(key, p->at);
    auto items = std::move(plan.items);
    for (auto& item : items) {
      if (item.role.empty()) {
        prepare(p, i, std::move(item));
        continue;
      }
      for (auto& who : model_->recipients.with_role(tenant, item.role)) {
        auto one = item;
        one.recipient = std::move(who);
        prepare(p, i, std::move(one));
      }
    }
    // What the event moved stays; what it names and does not move any more is called off.
    for (const auto& id : before)
      if (auto* e = model_->find(id); e != nullptr && !p->moved.contains(id)) {
        ++p->open;
        delivery_command c;
        c.what = delivery_command::verb::cancel;
        c.why = reason::cancelled_by_event;
        c.note = plan.about->id;
        command(*e, std::move(c), [this, p](const answer*) { finish(p); });
      }
  }
  ask_gates(p);
}

/// A pending notification of the same type, person and correlation key is moved instead of planned
/// again.
bool partition_state::try_reschedule(const planning_ptr& p, std::size_t index,
                                     const plan_item& item) {
  const auto& plan = p->request.plans[index];
  if (item.correlation_key.empty()
      || std::find(plan.reschedules.begin(), plan.reschedules.end(), item.correlation_key)
             == plan.reschedules.end())
    return false;
  for (const auto& id : model_->correlated(p->request.tenant, item.correlation_key)) {
    auto* e = model_->find(id);
    if (e->state.plan->type != item.type || e->state.recipient != item.recipient
        || !e->state.attempts.empty())
      continue;
    const auto* r = model_->recipients.find(p->request.tenant, item.recipient);
    delivery_command c;
    c.what = delivery_command::verb::reschedule;
    c.note = plan.about->id;
    c.event = p->keys[index];
    c.send_at = item.send_at > p->at ? item.send_at : p->at;
    c.expires_at = item.expires_at;
    if (r != nullptr)
      c.sealed = seal().seal(r->key, plan_content(*plan.about, item.content), context_of(id));
    ++p->open;
    p->moved.insert(id);
    command(*e, std::move(c), [this, p, index, id](const answer*) {
      if (auto* moved = model_->find(id))
        p->reply.items[index].notifications.push_back({id, moved->state.recipient,
                                                       moved->state.plan->type, moved->state.now,
                                                       moved->state.ordinal});
      finish(p);
    });
    return true;
  }
  return false;
}

void partition_state::prepare(const planning_ptr& p, std::size_t index, plan_item item) {
  if (try_reschedule(p, index, item))
    return;
  candidate c;
  c.index = index;
  c.id = new_id(p->at);
  c.due = item.send_at <= p->at;
  c.item = std::move(item);
  model_->events.remember(p->keys[index], c.id, p->at);
  p->candidates.push_back(std::move(c));
}

/// Gate and limiter look at everything that is due now, in one question.
void partition_state::ask_gates(const planning_ptr& p) {
  assess q;
  for (std::size_t i = 0; i < p->candidates.size(); ++i) {
    auto& c = p->candidates[i];
    if (!c.due && c.item.by != strategy::preferred)
      continue;
    const auto* r = model_->recipients.find(p->request.tenant, c.item.recipient);
    assessment a;
    a.ticket = i;
    a.id = c.id;
    a.tenant = p->request.tenant;
    a.recipient = c.item.recipient;
    a.type = c.item.type;
    a.in = c.item.in;
    a.at = c.item.at;
    a.now = p->at;
    a.every_step = c.item.by == strategy::all;
    a.want_preferred = c.item.by == strategy::preferred;
    for (std::uint8_t s = 0; s < c.item.steps.size(); ++s) {
      auto v = impossible(r, s, c.item.steps[s].on);
      a.steps.push_back(v ? *v : step_verdict{s, c.item.steps[s].on});
    }
    q.items.push_back(std::move(a));
  }
  if (q.items.empty())
    return write_plan(p);
  self_->request(gate_, caf::infinite, std::move(q))
      .then(
          [this, p](const assess& answered) {
            for (const auto& a : answered.items) {
              auto& c = p->candidates[a.ticket];
              c.verdicts = a.steps;
              if (c.item.by != strategy::preferred)
                continue;
              prefer(c.item.steps, a.preferred);
              for (auto& v : c.verdicts) {
                auto same = [&](const auto& s) { return s.on == v.on; };
                v.step = static_cast<std::uint8_t>(
                    std::find_if(c.item.steps.begin(), c.item.steps.end(), same)
                    - c.item.steps.begin());
              }
              std::sort(c.verdicts.begin(), c.verdicts.end(),
                        [](const auto& x, const auto& y) { return x.step < y.step; });
            }
            write_plan(p);
          },
          [this](const caf::error& e) { self_->quit(e); });
}

/// One append for everything the request plans here.
void partition_state::write_plan(const planning_ptr& p) {
  input in;
  in.tenant = p->request.tenant;
  in.at = p->at;
  for (const auto& plan : p->request.plans)
    if (in.trace.empty())
      in.trace = plan.about->trace;
  for (std::size_t i = 0; i < p->request.plans.size(); ++i)
    if (const auto& plan = p->request.plans[i]; plan.home && !model_->events.is_kept(p->keys[i]))
      keep_event(*plan.about, p->keys[i], in);
  std::vector<std::pair<tenant_id, recipient_id>> posted;
  for (auto& c : p->candidates) {
    write_candidate(p, c, in);
    if (!c.in_app.empty())
      posted.emplace_back(p->request.tenant, c.item.recipient);
  }
  auto sequence = in.facts.empty() ? next_sequence_ - 1 : commit(std::move(in));
  for (const auto& [tenant, recipient] : posted)
    show_frames(tenant, recipient, sequence);
  count().notifications_planned.add(p->candidates.size());
  launch_planned(p);
  finish(p);
}

void partition_state::keep_event(const event& e, const hash16& key, input& in) {
  event_received f;
  f.event_id = e.id;
  f.source = e.source;
  f.event_type = e.type;
  f.dedupe = key;
  auto& nobody = key_for(in.tenant, recipient_id{}, in);
  nlohmann::json whole{{"subject", e.subject}};
  if (e.extensions)
    whole["extensions"] = *e.extensions;
  auto text = whole.dump();
  text.pop_back();
  text += R"(,"data":)" + (e.data_text.empty() ? std::string{"{}"} : e.data_text) + "}";
  in.facts.push_back({{}, {}, std::move(f), seal().seal(nobody.key, text, e.id)});
}

/// What the inbox is to show, or an empty text where the step cannot go; then the verdict says why.
std::string partition_state::rendered_in_app(candidate& c, step_verdict& v) {
  auto rendered = render(*c.context, c.item.recipient, channel::in_app);
  if (rendered.failed == reason::none)
    return inbox_content(*rendered.message, c.context->data);
  v.says = verdict::suppress;
  v.why = rendered.failed;
  return {};
}

void partition_state::write_candidate(const planning_ptr& p, candidate& c, input& in) {
  const auto& e = *p->request.plans[c.index].about;
  auto& r = key_for(p->request.tenant, c.item.recipient, in);
  auto planned = to_fact(p->keys[c.index], e, c.item, p->request.catalogue_version, p->at);
  auto sealed = seal().seal(r.key, plan_content(e, c.item.content), context_of(c.id));
  if (c.due) {
    auto context = context_for(p->request.tenant, r, c.item.recipient, c.item.template_name,
                               c.item.template_version);
    context->data = e.data;
    context->content = c.item.content;
    c.context = std::move(context);
    for (auto& v : c.verdicts)
      if (v.on == channel::in_app && v.says == verdict::pass)
        c.in_app = rendered_in_app(c, v);
    for (const auto& v : c.verdicts)
      planned.passed |= v.passed;
  }
  notification_state blank;
  blank.id = c.id;
  const auto& services = *args_.services->deliveries;
  delivery_model model{std::move(blank), {&services.retry, &services.calls, {}}};
  auto facts = model.plan(planned, c.verdicts, p->at);
  auto posted = false;
  for (auto& f : facts) {
    std::string beside;
    if (type_of(f) == fact_type::notification_planned) {
      beside = std::exchange(sealed, {});
    } else if (auto* item = std::get_if<in_app_posted>(&f)) {
      item->offset = ++r.inbox_offset;
      beside = seal().seal(r.key, c.in_app, context_of(c.id));
      posted = true;
    }
    in.facts.push_back({c.id, c.item.recipient, std::move(f), std::move(beside)});
  }
  if (!posted)
    c.in_app.clear();
}

/// Does not wait for the commit: a permit may be on its way meanwhile, and the call waits for its
/// own intent.
void partition_state::launch_planned(const planning_ptr& p) {
  for (auto& c : p->candidates) {
    auto* e = model_->find(c.id);
    if (e == nullptr)
      continue;
    p->reply.items[c.index].notifications.push_back(
        {c.id, c.item.recipient, c.item.type, e->state.now, c.item.ordinal});
    if (e->state.finished || deadline_of(e->state) > now())
      continue;
    e->state.fresh = true;
    const auto& about = *p->request.plans[c.index].about;
    auto small = about.data_text.size() <= most_kept_data && !c.item.content;
    launch(c.id, std::move(c.context), about.trace, small);
  }
}

/// The last part of a planning to arrive lets the answer go, once everything is durable.
void partition_state::finish(const planning_ptr& p) {
  if (--p->open != 0)
    return;
  for (auto& item : p->reply.items)
    std::sort(item.notifications.begin(), item.notifications.end(),
              [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  answer_after(next_sequence_ - 1, p->promise, std::move(p->reply));
}

} // namespace carillon
