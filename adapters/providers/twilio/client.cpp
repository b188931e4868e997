#include "adapters/providers/twilio/client.hpp"

#include "adapters/providers/support/header_list.hpp"
#include "adapters/providers/support/http_client.hpp"

#include <algorithm>
#include <utility>

namespace carillon::providers::twilio {

client::client(account from, http_client& http, const clock& time,
               std::chrono::milliseconds timeout)
    : account_(std::move(from)), http_(http), clock_(time), timeout_(timeout),
      url_(messages_url(account_)),
      headers_(header_list::make({authorization_header(account_), "Accept: application/json",
                                  "Content-Type: application/x-www-form-urlencoded"})) {}

void client::send(const sms& message, std::chrono::milliseconds limit,
                  std::function<void(call_outcome&&)> done) const {
  http_request request;
  request.url = url_;
  request.headers = headers_;
  request.body = messages_form(account_, message);
  request.timeout = std::min(limit, timeout_);
  http_.submit(std::move(request),
               [&time = clock_, done = std::move(done)](http_response&& response) {
                 done(classify(response, time.now()));
               });
}

} // namespace carillon::providers::twilio
