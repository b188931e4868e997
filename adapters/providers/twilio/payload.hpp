#pragma once

#include <string>

namespace carillon::providers::twilio {

/// The credentials and the sender of one Twilio account.
struct account {
  std::string base_url = "https://api.twilio.com"; ///< without a slash at the end
  std::string account_sid;                         ///< `AC` and 32 hex digits
  std::string auth_token;
  std::string from;                  ///< E.164, short code or alphanumeric sender
  std::string messaging_service_sid; ///< `MG...`; takes the place of `from` if set
};

/// One SMS.
struct sms {
  std::string to; ///< E.164
  std::string body;
  std::string status_callback; ///< absolute URL, or empty for none
};

/// `<base>/2010-04-01/Accounts/<sid>/Messages.json`
/// (https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource).
std::string messages_url(const account& from);

/// The form body of that request: To, then MessagingServiceSid or From, Body, StatusCallback.
std::string messages_form(const account& from, const sms& message);

/// `Authorization: Basic ...` of account SID and token (RFC 7617).
std::string authorization_header(const account& from);

} // namespace carillon::providers::twilio
