#include "adapters/providers/twilio/payload.hpp"

#include "adapters/providers/support/crypto.hpp"
#include "adapters/providers/support/form.hpp"

namespace carillon::providers::twilio {

std::string messages_url(const account& from) {
  std::string_view base = from.base_url;
  while (base.ends_with('/'))
    base.remove_suffix(1);
  return std::string{base} + "/2010-04-01/Accounts/" + percent_encode(from.account_sid)
         + "/Messages.json";
}

std::string messages_form(const account& from, const sms& message) {
  std::string body;
  body.reserve(128 + message.body.size() * 3 / 2 + message.status_callback.size() * 3 / 2);
  append_field(body, "To", message.to);
  if (!from.messaging_service_sid.empty())
    append_field(body, "MessagingServiceSid", from.messaging_service_sid);
  else
    append_field(body, "From", from.from);
  append_field(body, "Body", message.body);
  if (!message.status_callback.empty())
    append_field(body, "StatusCallback", message.status_callback);
  return body;
}

std::string authorization_header(const account& from) {
  return "Authorization: Basic " + base64(from.account_sid + ":" + from.auth_token);
}

} // namespace carillon::providers::twilio
