// People come into memory before what needs them is handled, and leave it when nothing does.
#include "messages/errors.hpp"

#include "actors/partition/partition.hpp"
#include "actors/partition/snapshot_codec.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace carillon {

namespace {

constexpr std::size_t most_saved_together = 64;
constexpr std::size_t most_read_together = 64;         // an inbox may be megabytes
constexpr auto pause = std::chrono::milliseconds{500}; // before the database is asked again

} // namespace

/// Some snapshots on their way into the database.
struct partition_state::saving {
  std::vector<recipient_residence::unsaved> who;
  std::vector<person> names;
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> roles;
  std::vector<snapshot_plain> plain;
  people_parts limits;
  people_parts inboxes;
  std::uint64_t sequence = 0; ///< they show everything up to it
  std::size_t awaited = 2;    ///< answers of children
};

// -- reading --------------------------------------------------------------------------------------

/// Runs `then` once all of them are in memory: now, if nobody is absent.
void partition_state::with_people(std::vector<person> absent, std::function<void()> then) {
  if (absent.empty())
    return then();
  auto w = std::make_shared<waiting>(
      waiting{absent.size(), std::move(then), model_->residence.here()});
  read_snapshots q;
  q.partition = args_.id;
  for (auto& who : absent) {
    auto [i, first] = reading_.try_emplace(who);
    i->second.push_back(w);
    if (first)
      q.who.push_back(std::move(who));
    if (q.who.size() == most_read_together)
      read_people({args_.id, std::exchange(q.who, {})});
  }
  if (!q.who.empty())
    read_people(std::move(q));
}

/// Until the database answers, like the journal: who waits has a time-out of their own.
void partition_state::read_people(read_snapshots q) {
  auto asked = std::make_shared<const read_snapshots>(std::move(q));
  self_->request(args_.store, caf::infinite, *asked)
      .then([this, asked](const snapshots_read& x) { on_people(*asked, x); },
            [this, asked](const caf::error& why) {
              spdlog::warn("partition {}: {} recipients cannot be read: {}; trying again",
                           args_.id.value, asked->who.size(), render(why));
              unread_.insert(unread_.end(), asked->who.begin(), asked->who.end());
              try_later();
            });
}

void partition_state::on_people(const read_snapshots& asked, const snapshots_read& found) {
  apply_facts gate;
  gate.durable = true;
  restore_people limits;
  restore_people inboxes;
  for (const auto& x : found.items)
    if (!install(x, gate, limits, inboxes))
      return self_->quit(caf::exit_reason::unhandled_exception);
  count().people_read.add(found.items.size());
  if (!gate.facts.empty())
    self_->send(gate_, std::move(gate));
  if (!limits.parts.empty())
    self_->send(limiter_, std::move(limits));
  if (!inboxes.parts.empty())
    self_->send(inbox_, std::move(inboxes));
  std::vector<std::shared_ptr<waiting>> ready;
  for (const auto& who : asked.who) {
    if (model_->residence.is_absent(who.tenant, who.recipient))
      model_->residence.arrived(who.tenant, who.recipient, 0, 0);
    for (auto& w : std::exchange(reading_[who], {}))
      if (--w->absent == 0)
        ready.push_back(std::move(w));
    reading_.erase(who);
  }
  for (const auto& w : ready)
    w->then();
  maybe_drained();
}

/// Into the book, and into what the children are to be told. False if the bytes make no sense.
bool partition_state::install(const person_read& x, apply_facts& gate, restore_people& limits,
                              restore_people& inboxes) {
  const auto& [tenant, recipient] = x.who;
  auto opened
      = x.body.empty() ? opened_snapshot{} : open_snapshot(seal(), recipient, x.wrapped, x.body);
  if (!opened) {
    spdlog::critical("partition {}: the snapshot of a recipient at {} cannot be read; stopping "
                     "rather than guessing",
                     args_.id.value, x.sequence);
    return false;
  }
  model_->residence.arrived(tenant, recipient, x.sequence, x.body.size());
  model_->recipients.forget_roles(tenant, recipient); // those that it has are in the facts
  for (auto& f : opened->facts) {
    model_->recipients.apply(tenant, f.body, f.sealed, f.at, opened->version);
    gate.facts.push_back({{},
                          tenant,
                          f.at,
                          std::make_shared<const fact>(std::move(f.body)),
                          recipient,
                          channel::sms,
                          {}});
  }
  auto& e = model_->recipients.get(tenant, recipient);
  e.key = x.wrapped;
  e.version = opened->version;
  e.profile_version = opened->profile_version;
  e.preferences_version = opened->preferences_version;
  e.inbox_offset = opened->inbox_offset;
  if (!opened->parts.limits.empty())
    limits.parts.emplace_back(x.who, std::move(opened->parts.limits));
  if (!opened->parts.inbox.empty()) {
    e.inbox_knows_key = !e.key.empty();
    if (e.inbox_knows_key)
      self_->send(inbox_, know_key{tenant, recipient, e.key});
    inboxes.parts.emplace_back(x.who, std::move(opened->parts.inbox));
  }
  return true;
}

// -- writing --------------------------------------------------------------------------------------

caf::result<people_flushed> partition_state::on_flush_people() {
  if (!ready_ || draining_)
    return unavailable();
  auto promise = self_->make_response_promise<people_flushed>();
  flushes_.emplace_back(next_sequence_ - 1, promise);
  save_people();
  return promise;
}

void partition_state::answer_flushes() {
  while (!flushes_.empty() && flushes_.front().first < model_->residence.first_unsaved()) {
    auto [sequence, promise] = std::move(flushes_.front());
    flushes_.pop_front();
    answer_after(sequence, promise, people_flushed{sequence});
  }
}

/// Some of those who have changed, as they are now; null if there are none.
std::shared_ptr<partition_state::saving> partition_state::take_unsaved() {
  auto s = std::make_shared<saving>();
  s->who = model_->residence.take_unsaved(most_saved_together);
  if (s->who.empty())
    return nullptr;
  s->sequence = next_sequence_ - 1;
  for (const auto& x : s->who) {
    const auto& e = *x.who.value;
    s->names.push_back({*x.who.tenant, *x.who.recipient});
    s->keys.push_back(e.key);
    s->roles.push_back(e.roles);
    s->plain.push_back(encode_snapshot(model_->recipients, *x.who.recipient, e));
  }
  return s;
}

/// Begins to write some down, if anybody wants it. The children answer behind everything they were
/// told so far, so the parts are of one moment.
void partition_state::save_people() {
  if (!ready_) // the journal says more about them than is folded so far
    return;
  answer_flushes();
  if (saving_ || (flushes_.empty() && !model_->residence.is_over()))
    return;
  saving_ = take_unsaved();
  if (!saving_)
    return;
  auto collect = [this, s = saving_](const auto& child, people_parts saving::*into) {
    self_->request(child, caf::infinite, collect_people{s->names})
        .then(
            [this, s, into](const people_parts& parts) {
              (*s).*into = parts;
              on_collected(s);
            },
            [this](const caf::error& e) { self_->quit(e); });
  };
  collect(limiter_, &saving::limits);
  collect(inbox_, &saving::inboxes);
}

/// A snapshot shows nothing that the journal may not keep.
void partition_state::on_collected(const std::shared_ptr<saving>& s) {
  if (--s->awaited != 0)
    return;
  after_durable(s->sequence, [this, s](const caf::error& failed) {
    if (!failed)
      write_snapshots(s);
  });
}

void partition_state::write_snapshots(const std::shared_ptr<saving>& s) {
  auto what = std::make_shared<save_snapshots>();
  what->partition = args_.id;
  for (std::size_t i = 0; i < s->who.size(); ++i)
    what->items.push_back(
        {s->names[i], s->sequence, std::move(s->roles[i]),
         finish_snapshot(seal(), s->names[i].recipient, s->keys[i], std::move(s->plain[i]),
                         {std::move(s->limits.parts[i]), std::move(s->inboxes.parts[i])})});
  self_->request(args_.store, caf::infinite, *what)
      .then([this, s, what](const snapshots_saved&) { on_saved(s, *what); },
            [this, s](const caf::error& why) {
              spdlog::warn("partition {}: {} snapshots cannot be written: {}; trying again",
                           args_.id.value, s->who.size(), render(why));
              for (const auto& x : s->who)
                model_->residence.not_saved(x);
              saving_ = nullptr;
              try_later();
            });
}

void partition_state::on_saved(const std::shared_ptr<saving>& s, const save_snapshots& what) {
  for (std::size_t i = 0; i < s->who.size(); ++i)
    model_->residence.saved(s->who[i], what.items[i].body.size());
  count().snapshots_written.add(s->who.size());
  saving_ = nullptr;
  save_people();
  if (saving_)
    return;
  make_room();
  gauge();
}

// -- leaving --------------------------------------------------------------------------------------

/// Where memory for people runs short, of those on whom nothing relies that is under way.
void partition_state::make_room() {
  if (!ready_)
    return;
  evict_people gone{model_->residence.make_room(durable_sequence_)};
  if (gone.who.empty())
    return;
  count().people_evicted.add(gone.who.size());
  self_->send(gate_, gone);
  self_->send(limiter_, gone);
  self_->send(inbox_, std::move(gone));
}

void partition_state::try_later() {
  if (!std::exchange(retry_armed_, true))
    self_->delayed_send(partition_actor{self_}, caf::timespan{pause}, tick_due{});
}

void partition_state::on_tick() {
  retry_armed_ = false;
  if (!unread_.empty())
    read_people({args_.id, std::exchange(unread_, {})});
  ask_for_orphans();
  save_people();
}

} // namespace carillon
