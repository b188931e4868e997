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

router make_api(api_dependencies dependencies) {
  auto api = std::make_shared<const api_context>(std::move(dependencies));
  router routes;
  routes.set_gatekeeper(
      [api](const route& to, request& what) { return api->auth.admit(to, what); });
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
  return routes;
}

} // namespace carillon::http
