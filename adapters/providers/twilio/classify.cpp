#include "adapters/providers/twilio/classify.hpp"

#include "adapters/providers/support/retry_after.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::providers::twilio {

namespace {

using enum error_class;

constexpr std::array table{
    error_entry{14107, rate_limited, "message rate limit exceeded"},
    error_entry{20003, auth, "authentication failed"},
    error_entry{20005, auth, "account not active"},
    error_entry{20403, auth, "account may not use the API (suspended or closed)"},
    error_entry{20404, auth, "no such account"},
    error_entry{20429, rate_limited, "too many requests; not processed"},
    error_entry{20500, transient, "internal error"},
    error_entry{20503, transient, "service unavailable"},
    error_entry{21211, permanent_address, "To is not a valid number"},
    error_entry{21212, auth, "From is not a valid number"},
    error_entry{21214, permanent_address, "To cannot be reached"},
    error_entry{21217, permanent_address, "number does not appear to be valid"},
    error_entry{21265, permanent_address, "To is a short code"},
    error_entry{21266, permanent_address, "To and From are the same"},
    error_entry{21407, permanent_address, "this type of number does not support SMS"},
    error_entry{21408, permanent_address, "sending to this region is not enabled"},
    error_entry{21602, permanent_content, "body is required"},
    error_entry{21603, auth, "From is required"},
    error_entry{21604, permanent_address, "To is required"},
    error_entry{21605, permanent_content, "body is too long for the old endpoint"},
    error_entry{21606, auth, "From is not an SMS-capable number of this account"},
    error_entry{21608, permanent_address, "To is not verified for this trial account"},
    error_entry{21610, permanent_address, "recipient has unsubscribed (STOP)"},
    error_entry{21611, rate_limited, "queue of this From number is full"},
    error_entry{21612, permanent_address, "no route from From to To"},
    error_entry{21614, permanent_address, "To is not a mobile number"},
    error_entry{21617, permanent_content, "body is longer than 1,600 characters"},
    error_entry{21619, permanent_content, "a text, media or content template is required"},
    error_entry{21620, permanent_content, "media URL is not valid"},
    error_entry{21635, permanent_address, "To is a landline"},
    error_entry{21658, permanent_content, "a parameter is longer than allowed"},
    error_entry{21659, auth, "From is not a Twilio number"},
    error_entry{21660, auth, "From does not belong to this account"},
    error_entry{21701, auth, "no such messaging service"},
    error_entry{21703, auth, "messaging service has no sender"},
    error_entry{21705, auth, "messaging service SID is not valid"},
    error_entry{30001, rate_limited, "queue overflow"},
    error_entry{30002, auth, "account suspended"},
    error_entry{30003, soft_bounce, "handset unreachable"},
    error_entry{30004, permanent_address, "destination is blocked"},
    error_entry{30005, permanent_address, "unknown destination handset"},
    error_entry{30006, permanent_address, "landline or unreachable carrier"},
    error_entry{30007, permanent_content, "filtered as unwanted by carrier or Twilio"},
    error_entry{30008, soft_bounce, "unknown error at the carrier"},
    error_entry{30017, soft_bounce, "carrier network congestion"},
    error_entry{30019, permanent_content, "content is larger than the carrier takes"},
    error_entry{30022, rate_limited, "carrier's rate limit for this campaign"},
    error_entry{30023, rate_limited, "daily cap of this campaign at the carrier"},
    error_entry{30032, auth, "toll-free number is not verified"},
    error_entry{30034, auth, "number is not registered for US A2P 10DLC"},
    error_entry{63038, rate_limited, "account's daily message limit"},
};
static_assert(std::is_sorted(table.begin(), table.end(),
                             [](auto& a, auto& b) { return a.code < b.code; }));

struct twilio_answer {
  std::string sid;
  int code = 0;
};

/// Picks two members of the answer. Once a message, so on demand and without building a tree; a
/// body that is cut off or no JSON gives what could be read before.
twilio_answer read_answer(const std::string& body) {
  thread_local simdjson::ondemand::parser parser;
  twilio_answer out;
  const simdjson::padded_string padded{body};
  simdjson::ondemand::document document;
  std::string_view sid;
  std::int64_t code = 0;
  if (body.empty() || parser.iterate(padded).get(document) != simdjson::SUCCESS)
    return out;
  const auto found = document.find_field_unordered("sid").get_string().get(sid);
  if (found == simdjson::SUCCESS)
    out.sid = sid.substr(0, 64);
  else if (found != simdjson::NO_SUCH_FIELD && found != simdjson::INCORRECT_TYPE)
    return out; // cut off: after such an error the document may not be asked again
  if (document.find_field_unordered("code").get_int64().get(code) == simdjson::SUCCESS && code > 0
      && code < 1'000'000)
    out.code = static_cast<int>(code);
  return out;
}

error_class class_of_status(int status) noexcept {
  if (status == 429)
    return rate_limited;
  if (status >= 500 || status == 408)
    return transient;
  if (status == 401 || status == 403 || status == 404)
    return auth;
  if (status == 413)
    return permanent_content;
  return unknown;
}

} // namespace

std::span<const error_entry> error_table() noexcept {
  return table;
}

error_class class_of(int code) noexcept {
  const auto it = std::lower_bound(table.begin(), table.end(), code,
                                   [](const error_entry& e, int c) { return e.code < c; });
  return it != table.end() && it->code == code ? it->error : unknown;
}

call_outcome classify(const http_response& response, timestamp now) {
  call_outcome out;
  out.what = call_outcome::kind::failed;
  if (response.reached != transport::answered) {
    const bool sent = response.reached == transport::maybe_sent;
    if (sent)
      out.what = call_outcome::kind::unknown;
    out.error = sent ? unknown : transient;
    out.error_code = to_string(response.failure);
    return out;
  }
  const auto answer = read_answer(response.body);
  if (response.status >= 200 && response.status < 300) {
    out.what = call_outcome::kind::accepted;
    out.provider_message_id = answer.sid;
    return out;
  }
  // The code says more than the status: 400 alone may be the number, the text or the account.
  out.error = class_of(answer.code);
  if (out.error == unknown)
    out.error = class_of_status(response.status);
  out.error_code
      = answer.code != 0 ? std::to_string(answer.code) : "http_" + std::to_string(response.status);
  out.retry_after = parse_retry_after(response.retry_after, now);
  return out;
}

} // namespace carillon::providers::twilio
