#include "messages/errors.hpp"

#include "actors/delivery/views.hpp"
#include "actors/partition/partition.hpp"

namespace carillon {

namespace {

constexpr auto store_timeout = std::chrono::seconds{10};

answer not_found() {
  return {answer::kind::not_found, {}, {}, "no such notification", 0};
}

delivery_command::verb verb_of(notification_command::verb v) noexcept {
  switch (v) {
  case notification_command::verb::cancel:
    return delivery_command::verb::cancel;
  case notification_command::verb::resend:
    return delivery_command::verb::resend;
  case notification_command::verb::replay:
    return delivery_command::verb::replay;
  default:
    return delivery_command::verb::discard;
  }
}

} // namespace

/// Finds the notification in memory or folds it from its rows; null if there is none (or it is
/// another tenant's).
void partition_state::with_entry(const tenant_id& tenant, const notification_id& id,
                                 entry_action then, std::function<void(const caf::error&)> failed) {
  auto theirs
      = [tenant](const notification_entry& e) { return tenant.empty() || e.tenant == tenant; };
  if (auto* e = model_->find(id))
    return then(theirs(*e) ? e : nullptr);
  self_->request(args_.store, store_timeout, read_facts{tenant, id})
      .then(
          [this, theirs, id, then](const facts_read& x) {
            if (auto* e = model_->find(id))
              return then(theirs(*e) ? e : nullptr);
            auto entry = fold_rows(id, x.rows);
            then(entry ? &model_->put(id, std::move(*entry)) : nullptr);
          },
          [then, failed](const caf::error& e) {
            if (failed)
              failed(e);
            else
              then(nullptr);
          });
}

/// Hands a command to the notification's delivery, which is started for it where it is not alive.
/// `then` gets null if the delivery could not answer.
void partition_state::command(notification_entry& e, delivery_command c,
                              std::function<void(const answer*)> then) {
  auto id = e.state.id;
  e.state.fresh = false;
  if (c.what == delivery_command::verb::erase)
    drop_context(id);
  if (!running_.contains(id))
    run(id, e, nullptr, {});
  auto& r = running_[id];
  ++r.sent;
  self_->request(r.handle, caf::infinite, std::move(c))
      .then([then](const answer& a) { then(&a); }, [then](const caf::error&) { then(nullptr); });
}

caf::result<answer> partition_state::on_notification(const notification_command& m) {
  if (!ready_ || draining_)
    return unavailable();
  auto promise = self_->make_response_promise<answer>();
  using verb = notification_command::verb;
  if (m.what == verb::show) {
    show(m.tenant, m.id, promise);
    return promise;
  }
  if (m.what != verb::timeline && m.what != verb::explain) {
    tell(m, promise);
    return promise;
  }
  after_durable(next_sequence_ - 1, [this, m, promise](const caf::error& failed) mutable {
    if (failed)
      return give(promise, failed);
    self_->request(args_.store, store_timeout, read_facts{m.tenant, m.id})
        .then(
            [m, promise](const facts_read& x) mutable {
              if (x.rows.empty())
                return give(promise, not_found());
              auto body
                  = m.what == verb::timeline ? show_timeline(x.rows) : show_explanation(x.rows);
              promise.deliver(answer{answer::kind::ok, std::move(body), {}, {}, 0});
            },
            [promise](const caf::error& err) mutable { promise.deliver(err); });
  });
  return promise;
}

void partition_state::show(const tenant_id& tenant, const notification_id& id,
                           answer_promise promise) {
  with_entry(
      tenant, id,
      [this, promise](notification_entry* e) mutable {
        if (e == nullptr)
          return give(promise, not_found());
        answer a{answer::kind::ok, show_notification(e->state), {}, {}, 0};
        answer_after(next_sequence_ - 1, promise, std::move(a));
      },
      [promise](const caf::error& e) { give(promise, e); });
}

void partition_state::tell(const notification_command& m, answer_promise promise) {
  with_entry(
      m.tenant, m.id,
      [this, m, promise](notification_entry* e) mutable {
        if (e == nullptr)
          return give(promise, not_found());
        delivery_command c;
        c.what = verb_of(m.what);
        c.why = reason::cancelled_by_request;
        c.note = m.what == notification_command::verb::cancel ? std::string{} : m.note;
        command(*e, std::move(c), [this, m, promise](const answer* a) mutable {
          if (a == nullptr)
            return give(promise, make_error(errc::not_ready));
          auto* now_at = model_->find(m.id);
          auto reply = *a;
          if (reply.body.empty() && now_at != nullptr && reply.what != answer::kind::conflict)
            reply.body = show_notification(now_at->state);
          answer_after(next_sequence_ - 1, promise, std::move(reply));
        });
      },
      [promise](const caf::error& e) { give(promise, e); });
}

caf::result<answer> partition_state::on_report(const provider_report& m) {
  if (!ready_ || draining_)
    return unavailable();
  auto promise = self_->make_response_promise<answer>();
  with_entry(
      m.tenant, m.id,
      [this, m, promise](notification_entry* e) mutable {
        if (e == nullptr)
          return give(promise, not_found());
        delivery_command c;
        c.what = delivery_command::verb::report;
        c.report = m;
        command(*e, std::move(c), [this, promise](const answer* a) mutable {
          if (a == nullptr)
            return give(promise, make_error(errc::not_ready));
          answer_after(next_sequence_ - 1, promise, answer{});
        });
      },
      [promise](const caf::error& e) { give(promise, e); });
  return promise;
}

// -- Idempotency-Key ------------------------------------------------------------------------------

caf::result<claim_answer> partition_state::on_claim(const claim_request& m) {
  if (!ready_ || draining_)
    return unavailable();
  auto key = make_hash(m.tenant.str(), m.route, m.key);
  auto found = model_->requests.ask(key, m.body);
  auto promise = self_->make_response_promise<claim_answer>();
  auto sequence = next_sequence_ - 1;
  if (found.what == claim_answer::kind::fresh) {
    input in;
    in.tenant = m.tenant;
    in.at = now();
    in.facts.push_back({{}, {}, request_claimed{key, m.body}, {}});
    sequence = commit(std::move(in));
    model_->requests.start(key);
  }
  answer_after(sequence, promise, std::move(found));
  return promise;
}

caf::result<caf::unit_t> partition_state::on_complete(const complete_request& m) {
  if (!ready_)
    return unavailable();
  auto key = make_hash(m.tenant.str(), m.route, m.key);
  if (m.http_status == 0 || m.http_status >= 500) {
    model_->requests.withdraw(key);
    return caf::unit;
  }
  input in;
  in.tenant = m.tenant;
  in.at = now();
  in.facts.push_back({{}, {}, request_answered{key, m.http_status, m.body}, {}});
  auto sequence = commit(std::move(in));
  auto promise = self_->make_response_promise<caf::unit_t>();
  answer_after(sequence, promise, caf::unit);
  return promise;
}

} // namespace carillon
