// Idempotency-Key: the claim comes before the effect, the answer is kept after it.

#include "adapters/http/routes/support.hpp"

#include <atomic>
#include <utility>
#include <vector>

namespace carillon::http {

namespace {

/// A request with everything it views, for handlers that run after the session's buffer has moved
/// on.
class kept_request {
public:
  explicit kept_request(const request& what)
      : target_(what.target), body_(what.body), id_(what.request_id), trace_(what.traceparent),
        remote_(what.remote_address) {
    for (const auto& field : what.headers)
      texts_.emplace_back(field.name, field.value);
    for (const auto& [name, value] : texts_)
      headers_.push_back({name, value});
    view = what;
    view.target = target_;
    view.path = std::string_view{target_}.substr(0, what.path.size());
    view.query = what.query.empty() ? std::string_view{}
                                    : std::string_view{target_}.substr(what.path.size() + 1);
    view.body = body_;
    view.headers = headers_;
    view.request_id = id_;
    view.traceparent = trace_;
    view.remote_address = remote_;
    for (std::size_t i = 0; i < what.parameter_count; ++i)
      view.parameters[i] = std::string_view{target_}.substr(
          static_cast<std::size_t>(what.parameters[i].data() - what.target.data()),
          what.parameters[i].size());
  }
  kept_request(const kept_request&) = delete;
  kept_request& operator=(const kept_request&) = delete;

  request view;

private:
  std::string target_;
  std::string body_;
  std::string id_;
  std::string trace_;
  std::string remote_;
  std::vector<std::pair<std::string, std::string>> texts_;
  std::vector<header_view> headers_;
};

/// Between the handler and the session: has the answer kept, then passes it on. If it goes without
/// an answer (whoever was asked is gone), the claim is withdrawn, so that the client can repeat.
class keeping_sink final : public answer_sink {
public:
  keeping_sink(api_context_ptr api, complete_request completion, responder to)
      : api_(std::move(api)), completion_(std::move(completion)), to_(std::move(to)) {
    // nop
  }

  ~keeping_sink() override {
    if (!answered_.exchange(true))
      keep([](const caf::expected<caf::unit_t>&) {});
  }

  void answer(std::uint64_t, response&& what) override {
    if (answered_.exchange(true))
      return;
    completion_.http_status = static_cast<std::uint16_t>(what.status);
    completion_.body = what.refusal ? to_text(*what.refusal, {}) : what.body;
    auto held = std::make_shared<response>(std::move(what));
    // A failure to keep it costs nothing but a second, deduplicated run when the client repeats.
    keep([to = to_, held](const caf::expected<caf::unit_t>&) { to(std::move(*held)); });
  }

  void hand_over(std::uint64_t, std::function<void(upgraded_connection&&)>) override {
    // A POST is never upgraded.
  }

private:
  void keep(std::function<void(caf::expected<caf::unit_t>)> then) {
    api_->with.bridge->ask(api_->with.intake, std::move(completion_), std::move(then));
  }

  api_context_ptr api_;
  complete_request completion_;
  responder to_;
  std::atomic<bool> answered_{false};
};

response repeated(claim_answer&& kept) {
  response result{kept.http_status, std::move(kept.body)};
  if (result.status >= 400)
    result.content_type = "application/problem+json";
  result.with("Idempotency-Replayed", "true");
  return result;
}

problem key_reused() {
  return {422, "idempotency-key-reused", "this Idempotency-Key was used with another body", {}, 0};
}

problem still_running() {
  return {409,
          "request-in-progress",
          "the first request with this Idempotency-Key is still running",
          {},
          1};
}

} // namespace

handler keep_answers(api_context_ptr api, handler inner) {
  return [api = std::move(api), inner = std::move(inner)](const request& what, responder to) {
    const auto key = what.header("idempotency-key");
    if (key.empty())
      return inner(what, std::move(to));
    if (key.size() > 255)
      return to(bad_request("an Idempotency-Key has at most 255 bytes"));
    const auto route = std::string{to_string(what.method)}.append(" ").append(what.path);
    const complete_request completion{tenant_of(what), route, std::string{key}, 0, {}};
    const claim_request claim{completion.tenant, route, completion.key,
                              make_hash(what.body, what.query, what.media_type())};
    auto kept = std::make_shared<kept_request>(what);
    api->with.bridge->ask(
        api->with.intake, claim,
        [api, inner, kept, completion, to](caf::expected<claim_answer> got) {
          if (!got)
            return to(to_problem(got.error()));
          switch (got->what) {
          case claim_answer::kind::fresh:
            return inner(kept->view,
                         responder{std::make_shared<keeping_sink>(api, completion, to), 0});
          case claim_answer::kind::replay:
            return to(repeated(std::move(*got)));
          case claim_answer::kind::conflict:
            return to(key_reused());
          case claim_answer::kind::running:
            return to(still_running());
          }
        });
  };
}

} // namespace carillon::http
