#include "adapters/providers/twilio/provider.hpp"

#include "adapters/providers/twilio/callback.hpp"
#include "adapters/providers/twilio/client.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace carillon::providers::twilio {

namespace {

account account_of(const provider_settings& settings) {
  account out;
  if (!settings.base_url.empty())
    out.base_url = settings.base_url;
  out.account_sid = credential(settings, "account_sid");
  out.auth_token = credential(settings, "auth_token");
  out.messaging_service_sid = credential(settings, "messaging_service_sid");
  out.from = settings.from;
  return out;
}

class twilio_provider final : public provider {
public:
  twilio_provider(const provider_settings& settings, const environment& env)
      : name_(settings.name), public_url_(callback_base(settings, env)),
        client_(account_of(settings), env.http, env.time,
                std::chrono::ceil<std::chrono::milliseconds>(
                    settings.timeout.value_or(env.call_timeout))) {}

  void call(const provider_call& request, std::function<void(call_outcome&&)> done) const override {
    const auto* message = request.message.get();
    if (message == nullptr || message->to.empty() || message->text.empty())
      return done(not_sendable(message == nullptr || message->text.empty()));
    const auto url = callback_url(public_url_, name_, {request.id, request.attempt});
    client_.send({message->to, message->text, url},
                 std::chrono::ceil<std::chrono::milliseconds>(request.timeout), std::move(done));
  }

  callback_parsed read_callback(const raw_callback& request) const override {
    callback_parsed out;
    if (!is_signed_by(client_.settings().auth_token, request.url, request.body,
                      header_of(request, "x-twilio-signature"))) {
      out.what = callback_parsed::kind::bad_signature;
      return out;
    }
    const auto said = parse_callback(request.body);
    if (!said) {
      out.what = callback_parsed::kind::malformed;
      out.detail = "neither a status callback nor an inbound message";
      return out;
    }
    if (said->about == report::kind::inbound) {
      out.detail = "inbound message accepted, not handled";
      return out;
    }
    const auto ref = parse_message_ref(request.ref);
    if (!ref) {
      out.detail = "status callback without a message reference, not handled";
      return out;
    }
    out.reports.push_back({tenant_id{}, ref->id, ref->attempt, said->what, said->error, said->code,
                           said->message_id});
    return out;
  }

private:
  static call_outcome not_sendable(bool no_content) {
    call_outcome out;
    out.what = call_outcome::kind::failed;
    out.error = no_content ? error_class::permanent_content : error_class::permanent_address;
    out.error_code = no_content ? "no_content" : "no_address";
    return out;
  }

  std::string name_;
  std::string public_url_;
  client client_;
};

bool is_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

bool is_visible(const std::string& text) {
  return !text.empty()
         && std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

} // namespace

std::vector<std::string> check_settings(const provider_settings& settings) {
  std::vector<std::string> out;
  const auto a = account_of(settings);
  if (!is_word(a.account_sid))
    out.emplace_back("account_sid must be set, letters and digits");
  if (!is_visible(a.auth_token))
    out.emplace_back("auth_token must be set, visible ASCII");
  if (a.from.empty() && a.messaging_service_sid.empty())
    out.emplace_back("from or messaging_service_sid must be set");
  if (!a.base_url.starts_with("https://") && !a.base_url.starts_with("http://"))
    out.emplace_back("base_url must be an http or https URL");
  if (!is_visible(a.base_url))
    out.emplace_back("base_url has a space or a control character");
  return out;
}

std::unique_ptr<provider> make(const provider_settings& settings, const environment& env) {
  return std::make_unique<twilio_provider>(settings, env);
}

} // namespace carillon::providers::twilio
