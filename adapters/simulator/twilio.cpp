#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace carillon::simulator {

namespace {

constexpr std::string_view prefix = "/2010-04-01/Accounts/";

// -- ids ----------------------------------------------------------------------

constexpr std::uint64_t id_key = 0x9e3779b97f4a7c15ULL;

std::uint64_t mix(std::uint64_t x) noexcept { // splitmix64's finaliser
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

void append_hex(std::string& out, std::uint64_t x) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(x >> shift) & 15];
}

// `SM` and 32 hex digits. The second half is a serial number in disguise, so that a message is
// found by its id without an index.
std::string make_sid(state& shared) {
  std::string out = "SM";
  out.reserve(34);
  const auto n = ++shared.serial;
  append_hex(out, shared.run ^ mix(n));
  append_hex(out, n ^ id_key);
  return out;
}

// -- errors -------------------------------------------------------------------

struct fault {
  int status;
  int code;
  std::string message;
};

std::string error_body(const fault& f) {
  std::string out = "{\"code\":" + std::to_string(f.code) + ",\"message\":";
  append_json(out, f.message);
  return out + ",\"more_info\":\"https://www.twilio.com/docs/errors/" + std::to_string(f.code)
         + "\",\"status\":" + std::to_string(f.status) + "}";
}

reply error_reply(const fault& f) {
  reply out;
  out.status = f.status;
  out.body = error_body(f);
  return out;
}

// Numbers with a meaning (https://www.twilio.com/docs/iam/test-credentials).
std::optional<fault> magic_number(std::string_view to, std::string_view from) {
  if (to == "+15005550001")
    return fault{400, 21211, "Invalid 'To' Phone Number: " + std::string{to}};
  if (to == "+15005550002")
    return fault{400, 21612, "The 'To' phone number is not currently reachable via SMS"};
  if (to == "+15005550003")
    return fault{400, 21408, "Permission to send an SMS has not been enabled for the region"};
  if (to == "+15005550004")
    return fault{400, 21610, "Attempt to send to unsubscribed recipient"};
  if (to == "+15005550009")
    return fault{400, 21614, "'To' number is not a valid mobile number"};
  if (from == "+15005550001")
    return fault{400, 21212, "The 'From' number is not a valid phone number"};
  if (from == "+15005550007")
    return fault{400, 21606, "The From phone number is not a valid, SMS-capable number"};
  if (from == "+15005550008")
    return fault{429, 21611,
                 "This 'From' number has exceeded the maximum number of queued messages"};
  return std::nullopt;
}

bool is_number(std::string_view to) noexcept {
  if (to.starts_with("whatsapp:"))
    to.remove_prefix(9);
  if (to.starts_with('+'))
    to.remove_prefix(1);
  return to.size() >= 3 && to.size() <= 15
         && to.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<fault> check_fields(const message_record& m) {
  if (m.to.empty())
    return fault{400, 21604, "A 'To' phone number is required."};
  if (m.from.empty() && m.messaging_service.empty())
    return fault{400, 21603, "A 'From' phone number is required."};
  if (m.body.empty())
    return fault{400, 21602, "Message body is required."};
  if (!is_number(m.to))
    return fault{400, 21211, "Invalid 'To' Phone Number: " + m.to};
  if (characters(m.body) > 1600)
    return fault{400, 21617, "The concatenated message body exceeds the 1600 character limit"};
  if (!m.status_callback.empty() && !m.status_callback.starts_with("http://")
      && !m.status_callback.starts_with("https://"))
    return fault{400, 21609, "The 'StatusCallback' URL is not a valid URL"};
  return magic_number(m.to, m.from);
}

std::optional<fault> check_login(const state& shared, const request& r, std::string_view account,
                                 std::string& token) {
  auto login = parse_basic(r.authorization);
  if (!login || login->second.empty()
      || (!shared.settings.auth_token.empty()
          && (login->first != account || login->second != shared.settings.auth_token)))
    return fault{401, 20003, "Authenticate"};
  token = std::move(login->second);
  return std::nullopt;
}

// -- the resource -------------------------------------------------------------

void text_member(std::string& out, const char* name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":";
  if (value.empty())
    out += "null";
  else
    append_json(out, value);
  out += ',';
}

// Units of UTF-16, which is how Twilio counts segments of text outside GSM-7; close enough here.
std::size_t segments(std::string_view body) noexcept {
  const bool wide = std::any_of(body.begin(), body.end(), [](char c) { return (c & 0x80) != 0; });
  const auto n = characters(body);
  const std::size_t one = wide ? 70 : 160;
  const std::size_t more = wide ? 67 : 153;
  return n <= one ? 1 : (n + more - 1) / more;
}

std::string resource(const message_record& m, std::string_view status) {
  const auto date = rfc2822(m.received_at);
  const auto uri = std::string{prefix} + m.account + "/Messages/" + m.sid;
  std::string out = "{";
  out.reserve(900 + m.body.size());
  text_member(out, "account_sid", m.account);
  text_member(out, "api_version", "2010-04-01");
  text_member(out, "body", m.body);
  text_member(out, "date_created", date);
  out += "\"date_sent\":null,";
  text_member(out, "date_updated", date);
  text_member(out, "direction", "outbound-api");
  out += "\"error_code\":null,\"error_message\":null,";
  text_member(out, "from", m.from);
  text_member(out, "messaging_service_sid", m.messaging_service);
  text_member(out, "num_media", "0");
  text_member(out, "num_segments", std::to_string(segments(m.body)));
  out += "\"price\":null,\"price_unit\":\"USD\",";
  text_member(out, "sid", m.sid);
  text_member(out, "status", status);
  out += "\"subresource_uris\":{\"media\":\"" + uri + "/Media.json\"},";
  text_member(out, "to", m.to);
  return out + "\"uri\":\"" + uri + ".json\"}";
}

// -- callbacks ----------------------------------------------------------------

callback_request word_callback(const message_record& m, const callback_step& step,
                               std::string_view token, bool bad_signature) {
  callback_request out{step, {}, {}};
  append_form(out.form, "SmsSid", m.sid);
  append_form(out.form, "SmsStatus", step.status);
  append_form(out.form, "MessageStatus", step.status);
  append_form(out.form, "To", m.to);
  append_form(out.form, "MessageSid", m.sid);
  append_form(out.form, "AccountSid", m.account);
  if (!m.messaging_service.empty())
    append_form(out.form, "MessagingServiceSid", m.messaging_service);
  append_form(out.form, "From", m.from);
  append_form(out.form, "ApiVersion", "2010-04-01");
  if (step.error_code != 0)
    append_form(out.form, "ErrorCode", std::to_string(step.error_code));
  out.signature
      = twilio_signature(bad_signature ? "not the token" : token, m.status_callback, out.form);
  return out;
}

callback_plan plan_callbacks(const state& shared, const message_record& m, const behaviour& how,
                             std::string_view token) {
  auto steps = how.callbacks.value_or(shared.settings.callbacks);
  if (how.reordered)
    std::reverse(steps.begin(), steps.end());
  callback_plan out{0, m.status_callback, {}};
  for (auto& step : steps) {
    step.after += how.late;
    const auto request = word_callback(m, step, token, how.bad_signature);
    out.requests.insert(out.requests.end(), how.doubled ? 2 : 1, request);
  }
  return out;
}

// -- creating a message -------------------------------------------------------

message_record read_message(const request& r, std::string_view account) {
  message_record m;
  m.protocol = "twilio";
  m.account = account;
  m.received_at = std::chrono::system_clock::now();
  for (auto& [name, value] : parse_form(r.body)) {
    if (name == "To")
      m.to = std::move(value);
    else if (name == "From")
      m.from = std::move(value);
    else if (name == "Body")
      m.body = std::move(value);
    else if (name == "MessagingServiceSid")
      m.messaging_service = std::move(value);
    else if (name == "StatusCallback")
      m.status_callback = std::move(value);
  }
  return m;
}

fault scripted_fault(const behaviour& how) {
  fault out{how.status, how.code, how.message};
  if (out.code == 0)
    out.code = how.status == 429   ? 20429
               : how.status == 401 ? 20003
               : how.status == 503 ? 20503
               : how.status >= 500 ? 20500
                                   : 20001;
  if (out.message.empty())
    out.message = how.status == 429 ? "Too Many Requests" : "Scripted error";
  return out;
}

ending ending_of(const behaviour& how) noexcept {
  if (how.hang)
    return ending::hang;
  if (how.close_after_accept || how.close_before_answer)
    return how.reset ? ending::reset : ending::silent;
  return how.truncate ? ending::truncate : ending::keep;
}

// Whether the message is taken, which a script may say apart from the answer.
bool takes(const behaviour& how, const std::optional<fault>& wrong) noexcept {
  if (how.accept)
    return *how.accept;
  return !wrong && !how.hang && !how.close_before_answer;
}

answer_kind kind_of(const behaviour& how) noexcept {
  return how.hang                  ? answer_kind::hung
         : how.close_after_accept  ? answer_kind::closed_after_accept
         : how.close_before_answer ? answer_kind::closed_before_answer
                                   : answer_kind::answered;
}

// What the script says is wrong with the message, else what is.
std::optional<fault> fault_of(const behaviour& how, const message_record& m) {
  if (how.status >= 300)
    return scripted_fault(how);
  return how.status == 0 ? check_fields(m) : std::nullopt;
}

// Writes the outcome into the record; returns the HTTP status.
int decide(state& shared, const behaviour& how, const std::optional<fault>& wrong,
           message_record& m) {
  const int status = wrong ? wrong->status : how.status != 0 ? how.status : 201;
  m.answer = kind_of(how);
  const bool answered = m.answer == answer_kind::answered;
  m.rule = how.rule;
  m.accepted = takes(how, wrong);
  if (m.accepted || (answered && !wrong))
    m.sid = make_sid(shared);
  m.http_status = answered ? status : 0;
  m.code = wrong ? wrong->code : 0;
  m.written = answered ? write_state::pending : write_state::none;
  m.status = m.messaging_service.empty() ? "queued" : "accepted";
  return status;
}

reply create_message(state& shared, const request& r, std::string_view account) {
  std::string token;
  if (const auto wrong = check_login(shared, r, account, token))
    return error_reply(*wrong);
  auto m = read_message(r, account);
  const auto how = shared.rules.decide(m.to, m.from, m.body);
  const auto wrong = fault_of(how, m);
  reply out;
  out.status = decide(shared, how, wrong, m);
  out.end = ending_of(how);
  out.delay = how.delay;
  if (!how.retry_after.empty())
    out.extra_header = "Retry-After: " + how.retry_after + "\r\n";
  const bool answered = m.answer == answer_kind::answered;
  if (answered)
    out.body = wrong ? error_body(*wrong) : resource(m, m.status);
  callback_plan plan;
  if (m.accepted && !m.status_callback.empty())
    plan = plan_callbacks(shared, m, how, token);
  plan.message = shared.log.add(std::move(m));
  out.message = answered ? plan.message : 0;
  shared.callbacks.send(std::move(plan));
  return out;
}

std::optional<std::uint64_t> serial_of(std::string_view sid) noexcept {
  std::uint64_t low = 0;
  if (sid.size() != 34)
    return std::nullopt;
  const auto [end, error] = std::from_chars(sid.data() + 18, sid.data() + 34, low, 16);
  return error == std::errc{} && end == sid.data() + 34 ? std::optional{low ^ id_key}
                                                        : std::nullopt;
}

reply fetch_message(state& shared, std::string_view sid) {
  // Numbers run ahead of serials, since refused messages have no id.
  const auto serial = serial_of(sid);
  if (serial) {
    record_filter filter;
    filter.since = *serial - 1;
    for (auto& m : shared.log.list(filter, 100'000)) {
      if (m.sid == sid) {
        reply out;
        out.body = resource(m, m.status);
        return out;
      }
    }
  }
  return error_reply({404, 20404, "The requested resource was not found"});
}

} // namespace

std::string twilio_signature(std::string_view auth_token, std::string_view url,
                             std::string_view form) {
  auto all = parse_form(form);
  std::sort(all.begin(), all.end());
  std::string text{url};
  for (const auto& [name, value] : all)
    text.append(name).append(value);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned int size = 0;
  HMAC(EVP_sha1(), auth_token.data(), static_cast<int>(auth_token.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  std::string out(28, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), mac.data(), static_cast<int>(size));
  return out;
}

reply serve_twilio(state& shared, const request& r) {
  if (!r.path.starts_with(prefix))
    return error_reply(
        {404, 20404, "The requested resource " + std::string{r.path} + " was not found"});
  auto rest = r.path.substr(prefix.size());
  const auto account = rest.substr(0, rest.find_first_of("/."));
  rest.remove_prefix(account.size());
  if (r.method == "POST" && rest == "/Messages.json")
    return create_message(shared, r, account);
  std::string token;
  if (const auto wrong = check_login(shared, r, account, token))
    return error_reply(*wrong);
  if (r.method == "GET" && rest == ".json") {
    reply out;
    out.body = "{\"sid\":";
    append_json(out.body, account);
    out.body += ",\"friendly_name\":\"carillon-sim\",\"status\":\"active\",\"type\":\"Full\"}";
    return out;
  }
  constexpr std::string_view messages = "/Messages/";
  if (r.method == "GET" && rest.starts_with(messages) && rest.ends_with(".json"))
    return fetch_message(shared, rest.substr(messages.size(), rest.size() - messages.size() - 5));
  return error_reply(
      {404, 20404, "The requested resource " + std::string{r.path} + " was not found"});
}

} // namespace carillon::simulator
