// POST /v1/notifications: one message without a rule.
#include "messages/errors.hpp"

#include "actors/intake/intake.hpp"
#include "actors/rules/request.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

/// The source of what was asked for without an event.
constexpr auto api_source = "carillon:api";

/// A repeat whose notification could not be read back just now.
void promise_not_ready(caf::typed_response_promise<answer> promise) {
  promise.deliver(make_error(errc::not_ready, "try again"));
}

} // namespace

caf::result<answer> intake_state::on_notification(const submit_notification& m) {
  if (auto refused = pressure())
    return refused;
  auto catalogue = args_.catalogue->get()->of(m.tenant);
  auto now = args_.time->now();
  problem_items problems;
  auto wanted = parse_notification_request(*m.body, *catalogue, now, problems);
  if (!wanted || !problems.empty())
    return answer{answer::kind::invalid, {}, std::move(problems), "the body is not valid", 0};
  auto p = partition_of(m.tenant, wanted->item.recipient);
  if (!owners_ || !(*owners_)[p.value])
    return make_error(errc::not_ready, "the partition is starting");
  auto e = std::make_shared<event>();
  e->source = api_source;
  e->id = m.request_key.empty()
              ? to_hex(make_hash(std::to_string(random_()), std::to_string(random_())))
              : to_hex(make_hash(m.request_key));
  e->type = wanted->item.type;
  e->data = wanted->data;
  e->data_text = wanted->data->dump();
  e->trace = m.trace;
  plan_events plans{m.tenant, catalogue->version, {}};
  plans.plans.push_back({std::move(e), {std::move(wanted->item)}, {}, {}, false, false});
  auto promise = self_->make_response_promise<answer>();
  auto owner = (*owners_)[p.value];
  self_->request(owner, plan_timeout, std::move(plans))
      .then(
          [this, owner, promise, tenant = m.tenant](const events_answer& a) mutable {
            if (a.items.empty() || a.items.front().notifications.empty())
              return promise_not_ready(promise);
            notification_command show{tenant,
                                      a.items.front().notifications.front().id,
                                      notification_command::verb::show,
                                      {}};
            self_->request(owner, plan_timeout, std::move(show))
                .then(
                    [promise](answer& shown) mutable {
                      shown.what = answer::kind::accepted;
                      promise.deliver(std::move(shown));
                    },
                    [promise](const caf::error& err) mutable { promise.deliver(err); });
          },
          [promise](const caf::error& err) mutable { promise.deliver(err); });
  return promise;
}

} // namespace carillon
