#include "adapters/http/api.hpp"

#include "adapters/http/routes/support.hpp"

namespace carillon::http {

api_context::api_context(api_dependencies given)
    : with(std::move(given)), auth(with.bootstrap_key, token_signer{with.token_secret}, with.now) {
  // nop
}

void route_table::add(verb method, std::string pattern, access who, route_handler handle,
                      keep kept) {
  handler bound = [api = api_, handle = std::move(handle)](
                      const request& what, const responder& to) { handle(*api, what, to); };
  if (method == verb::post && who != access::open && kept == keep::answer)
    bound = keep_answers(api_, std::move(bound));
  routes_.add(method, std::move(pattern), who, std::move(bound));
}

namespace {

/// Who was paused may have lost everything meanwhile, and find that out only after the request.
/// What anybody may call is journaled or harmless: the journal itself refuses.
bool needs_the_lease(const route& to) {
  return to.method != verb::get && to.who != access::open;
}

void add_routes(router& routes, const api_context_ptr& api) {
  route_table table{routes, api};
  add_event_routes(table);
  add_notification_routes(table);
  add_dead_letter_routes(table);
  add_rule_routes(table);
  add_template_routes(table);
  add_recipient_routes(table);
  add_preference_routes(table);
  add_inbox_routes(table);
  add_callback_routes(table);
  add_operation_routes(table);
}

} // namespace

router make_api(api_dependencies dependencies) {
  auto api = std::make_shared<const api_context>(std::move(dependencies));
  router routes;
  routes.set_gatekeeper([api](const route& to, request& what) -> std::optional<problem> {
    if (needs_the_lease(to) && api->with.owns && !api->with.owns())
      return unavailable("this node does not hold the lease of its partitions now", 1);
    return api->auth.admit(to, what);
  });
  add_routes(routes, api);
  return routes;
}

router make_standby_api(api_dependencies dependencies) {
  router routes;
  routes.set_gatekeeper([](const route& to, request&) -> std::optional<problem> {
    if (to.pattern.starts_with("/v1/"))
      return unavailable("this node is a standby: another one serves", 1);
    return std::nullopt;
  });
  add_routes(routes, std::make_shared<const api_context>(std::move(dependencies)));
  return routes;
}

} // namespace carillon::http
