// /v1/callbacks/{provider}[/{ref}]: what providers tell us. 2xx only once it is journaled.

#include "adapters/http/routes/support.hpp"

#include <algorithm>
#include <atomic>

namespace carillon::http {

namespace {

raw_callback raw_of(const api_context& api, const request& what) {
  raw_callback result;
  result.provider = what.parameter(0);
  result.ref = what.parameter(1);
  result.url = api.with.public_url + std::string{what.target};
  result.body = what.body;
  for (const auto& [name, value] : what.headers) {
    std::string lower{name};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    result.headers.emplace_back(std::move(lower), value);
  }
  return result;
}

/// Passes each report to the owner of its notification and answers when all are journaled.
void pass_on(const api_context& api, std::vector<provider_report> reports, const responder& to) {
  if (reports.empty())
    return to(no_content());
  auto waiting = std::make_shared<std::atomic<std::size_t>>(reports.size());
  auto failed = std::make_shared<std::atomic<bool>>(false);
  for (auto& report : reports)
    api.with.bridge->ask(api.with.intake, std::move(report), [=](const caf::expected<answer>& got) {
      if (!got)
        failed->store(true);
      if (waiting->fetch_sub(1) > 1)
        return;
      if (failed->load())
        return to(unavailable("the report could not be journaled; send it again", 1));
      to(no_content());
    });
}

void take_callback(const api_context& api, const request& what, const responder& to) {
  auto raw = raw_of(api, what);
  const auto provider = api.with.providers.find(raw.provider);
  if (provider == api.with.providers.end())
    return to(not_found("there is no such provider"));
  api.with.bridge->ask(provider->second, std::move(raw),
                       [held = api.shared_from_this(), to](caf::expected<callback_parsed> got) {
                         if (!got)
                           return to(to_problem(got.error()));
                         if (got->what == callback_parsed::kind::bad_signature)
                           return to(unauthorized("the signature does not fit"));
                         if (got->what == callback_parsed::kind::malformed)
                           return to(bad_request(got->detail.empty()
                                                     ? "this is not a callback of that provider"
                                                     : got->detail));
                         pass_on(*held, std::move(got->reports), to);
                       });
}

} // namespace

void add_callback_routes(route_table& table) {
  const auto never = route_table::keep::never;
  table.add(verb::post, "/v1/callbacks/{provider}", access::open, take_callback, never);
  table.add(verb::post, "/v1/callbacks/{provider}/{ref}", access::open, take_callback, never);
}

} // namespace carillon::http
