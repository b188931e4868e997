#include "adapters/providers/twilio/callback.hpp"

#include "adapters/providers/support/crypto.hpp"
#include "adapters/providers/twilio/classify.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace carillon::providers::twilio {

namespace {

struct url_parts {
  std::string_view scheme; // with ://
  std::string_view host;   // with user and brackets
  std::string_view port;   // with the colon, or empty
  std::string_view rest;
};

std::optional<url_parts> split(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos)
    return std::nullopt;
  url_parts out;
  out.scheme = url.substr(0, colon + 3);
  const auto authority_and_rest = url.substr(colon + 3);
  const auto authority = authority_and_rest.substr(0, authority_and_rest.find_first_of("/?#"));
  out.rest = authority_and_rest.substr(authority.size());
  const auto bracket = authority.rfind(']');
  const auto port = authority.find(':', bracket == std::string_view::npos
                                            ? authority.rfind('@') + 1 // npos + 1 is 0
                                            : bracket);
  out.host = authority.substr(0, port);
  out.port = port == std::string_view::npos ? std::string_view{} : authority.substr(port);
  return out;
}

std::string join(const url_parts& p, std::string_view port) {
  std::string out;
  out.reserve(p.scheme.size() + p.host.size() + port.size() + p.rest.size());
  return out.append(p.scheme).append(p.host).append(port).append(p.rest);
}

// The URL as given, without its port, and with the scheme's port if it has none.
std::array<std::string, 3> candidates(std::string_view url) {
  const auto parts = split(url);
  if (!parts)
    return {std::string{url}, std::string{url}, std::string{url}};
  const auto port = !parts->port.empty()          ? parts->port
                    : parts->scheme == "https://" ? std::string_view{":443"}
                                                  : std::string_view{":80"};
  return {std::string{url}, join(*parts, {}), join(*parts, port)};
}

std::string_view first_of(const form_fields& fields, std::string_view a,
                          std::string_view b) noexcept {
  const auto value = field_of(fields, a);
  return value.empty() ? field_of(fields, b) : value;
}

int number_of(std::string_view text) noexcept {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

} // namespace

std::string signature_of(std::string_view auth_token, std::string_view url,
                         const form_fields& fields) {
  form_fields sorted = fields;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::string text{url};
  for (const auto& [name, value] : sorted)
    text.append(name).append(value);
  return hmac_sha1_base64(auth_token, text);
}

bool is_signed_by(std::string_view auth_token, std::string_view url, std::string_view body,
                  std::string_view signature) {
  const auto fields = parse_form(body);
  bool right = false;
  for (const auto& candidate : candidates(url)) // always all, so that time tells nothing
    right |= equal_constant_time(signature_of(auth_token, candidate, fields), signature);
  return right && !auth_token.empty();
}

std::optional<status> status_of(std::string_view s) noexcept {
  if (s == "accepted" || s == "scheduled" || s == "queued" || s == "sending" || s == "sent")
    return status::sent;
  if (s == "delivered" || s == "partially_delivered")
    return status::delivered;
  if (s == "read")
    return status::read;
  if (s == "undelivered")
    return status::bounced;
  if (s == "failed" || s == "canceled")
    return status::failed;
  return std::nullopt;
}

std::optional<report> parse_callback(std::string_view body) {
  const auto fields = parse_form(body);
  report out;
  out.message_id = first_of(fields, "MessageSid", "SmsSid");
  out.to = field_of(fields, "To");
  out.from = field_of(fields, "From");
  const auto word = first_of(fields, "MessageStatus", "SmsStatus");
  if (out.message_id.empty())
    return std::nullopt;
  // An inbound message has no MessageStatus; its SmsStatus, if there is one, is `received`.
  if (word == "received" || word == "receiving"
      || (field_of(fields, "MessageStatus").empty() && !field_of(fields, "NumMedia").empty())) {
    out.about = report::kind::inbound;
    out.body = field_of(fields, "Body");
    return out;
  }
  const auto what = status_of(word);
  if (!what)
    return std::nullopt;
  out.what = *what;
  if (const int code = number_of(field_of(fields, "ErrorCode")); code > 0) {
    out.code = std::to_string(code);
    out.error = class_of(code);
  }
  return out;
}

} // namespace carillon::providers::twilio
