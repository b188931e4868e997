#pragma once

#include "messages/enums.hpp"

#include "adapters/providers/support/form.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::providers::twilio {

/// What a request of Twilio to us says.
struct report {
  enum class kind : std::uint8_t {
    status,  ///< about a message we sent
    inbound, ///< a message to us
  };

  kind about = kind::status;
  std::string message_id; ///< `SM...` or `MM...`
  status what = status::sent;
  error_class error = error_class::none;
  std::string code; ///< Twilio's ErrorCode, empty without one
  std::string to;
  std::string from;
  std::string body; ///< of an inbound message
};

/// The signature Twilio puts into X-Twilio-Signature: base64 of HMAC-SHA1, keyed with the auth
/// token, over the URL followed by every field's name and value, sorted by name
/// (https://www.twilio.com/docs/usage/security#validating-requests). A name that comes several
/// times counts once for each different value, sorted, as Twilio's own libraries do it.
std::string signature_of(std::string_view auth_token, std::string_view url,
                         const form_fields& fields);

/// True if `signature` is right for the raw form `body` sent to `url`. Twilio signs the URL it was
/// given, but may leave a standard port out or put it in; both forms are tried. Constant time for
/// the comparison.
bool is_signed_by(std::string_view auth_token, std::string_view url, std::string_view body,
                  std::string_view signature);

/// Our word for Twilio's MessageStatus; nothing for `receiving` and `received` and for words that
/// are not known. `queued`, `accepted`, `scheduled` and `sending` mean that Twilio has the
/// message, which is our `sent`.
std::optional<status> status_of(std::string_view message_status) noexcept;

/// Reads the raw form body of a callback; nothing if it is not one.
std::optional<report> parse_callback(std::string_view body);

} // namespace carillon::providers::twilio
