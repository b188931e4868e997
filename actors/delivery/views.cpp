#include "actors/delivery/views.hpp"

#include "messages/fact_codec.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

json time_or_null(timestamp t) {
  return t == no_time || t == far_future ? json(nullptr) : json(to_rfc3339(t));
}

json text_or_null(std::string_view text) {
  return text.empty() ? json(nullptr) : json(text);
}

json name_or_null(reason why) {
  return why == reason::none ? json(nullptr) : json(to_string(why));
}

json show_attempt(const notification_state& s, const attempt_state& a) {
  return {{"number", a.number},
          {"channel", to_string(s.plan->steps[a.step].on)},
          {"provider", a.provider},
          {"status", to_string(a.now)},
          {"provider_message_id", text_or_null(a.provider_message_id)},
          {"error_class", a.error == error_class::none ? json(nullptr) : json(to_string(a.error))},
          {"error_code", text_or_null(a.error_code)},
          {"started_at", time_or_null(a.started_at)},
          {"finished_at", time_or_null(a.finished_at)},
          {"retry_at", time_or_null(a.retry_at)}};
}

/// A row of the timeline, with what facts may add to it.
struct timeline_words {
  json& out;
  const std::vector<planned_step>& steps;

  void step(std::uint8_t i) const {
    if (i < steps.size())
      out["channel"] = to_string(steps[i].on);
  }
  void operator()(const notification_planned& f) const {
    out["until"] = time_or_null(f.send_at);
  }
  void operator()(const rescheduled& f) const {
    out["until"] = time_or_null(f.send_at);
  }
  void operator()(const step_held& f) const {
    step(f.step);
    out["reason"] = name_or_null(f.why);
    out["until"] = time_or_null(f.until);
  }
  void operator()(const step_suppressed& f) const {
    step(f.step);
    out["reason"] = name_or_null(f.why);
  }
  void operator()(const attempt_started& f) const {
    out["channel"] = to_string(f.on);
    out["provider"] = f.provider;
    out["attempt"] = f.number;
  }
  void operator()(const attempt_succeeded& f) const {
    out["attempt"] = f.number;
  }
  void operator()(const attempt_failed& f) const {
    out["attempt"] = f.number;
    out["reason"] = to_string(f.error);
    out["until"] = time_or_null(f.retry_at);
  }
  void operator()(const outcome_unknown& f) const {
    out["attempt"] = f.number;
    out["until"] = time_or_null(f.settle_at);
  }
  void operator()(const outcome_settled& f) const {
    out["attempt"] = f.number;
    out["reason"] = to_string(f.as);
  }
  void operator()(const fallback_taken& f) const {
    step(f.to_step);
    out["reason"] = name_or_null(f.why);
  }
  void operator()(const provider_reported& f) const {
    step(f.step);
    out["reason"] = to_string(f.what);
    if (f.number != 0)
      out["attempt"] = f.number;
  }
  void operator()(const cancelled& f) const {
    out["reason"] = name_or_null(f.why);
  }
  void operator()(const expired& f) const {
    step(f.step);
  }
  void operator()(const dead_lettered& f) const {
    out["reason"] = name_or_null(f.why);
  }
  void operator()(const replayed& f) const {
    out["reason"] = name_or_null(f.why);
  }
  void operator()(const in_app_posted& f) const {
    step(f.step);
  }
  void operator()(const in_app_changed& f) const {
    out["channel"] = to_string(channel::in_app);
    out["reason"] = to_string(f.what);
  }
  template <class Other>
  void operator()(const Other&) const {
    // its name says it all
  }
};

constexpr check gate_checks[]
    = {check::global_opt_out, check::channel_switch, check::category_switch, check::consent,
       check::do_not_disturb, check::quiet_hours,    check::rate_limit};

/// Collects decisions and sentences while the rows go by.
class explainer {
public:
  void add(const journal_row& row, const fact& f) {
    at_ = row.recorded_at;
    std::visit(*this, f);
  }

  void operator()(const notification_planned& f) {
    steps_ = f.steps;
    say("The event " + f.event_id + " planned this " + f.notification_type + " ("
        + std::string{to_string(f.in)} + ") for recipient " + f.recipient.str()
        + (f.send_at == no_time ? ", due at once." : ", due at " + to_rfc3339(f.send_at) + "."));
    passed(0, f.passed);
  }
  void operator()(const rescheduled& f) {
    say("The event " + f.event_id + " moved it to " + to_rfc3339(f.send_at) + ".");
  }
  void operator()(const step_held& f) {
    passed(f.step, f.passed);
    decide(f.step, f.by, verdict::hold, f.why, f.until, f.from, f.inputs);
    say("The " + on(f.step) + " step waits until " + to_rfc3339(f.until) + ": " + words(f.why)
        + detail(f.from, f.inputs));
  }
  void operator()(const step_suppressed& f) {
    passed(f.step, f.passed);
    decide(f.step, f.by, verdict::suppress, f.why, no_time, f.from, f.inputs);
    say("The " + on(f.step) + " step was not taken: " + words(f.why) + detail(f.from, f.inputs));
  }
  void operator()(const attempt_started& f) {
    passed(f.step, f.passed);
    say("Attempt " + std::to_string(f.number) + " called " + f.provider + " for " + on(f.step)
        + ".");
  }
  void operator()(const attempt_succeeded& f) {
    say("Attempt " + std::to_string(f.number) + " was accepted.");
  }
  void operator()(const attempt_failed& f) {
    say("Attempt " + std::to_string(f.number) + " failed (" + std::string{to_string(f.error)}
        + (f.error_code.empty() ? "" : ", code " + f.error_code) + "); "
        + (f.retry_at == no_time ? "it is not retried."
                                 : "it is retried at " + to_rfc3339(f.retry_at) + "."));
  }
  void operator()(const outcome_unknown& f) {
    say("Attempt " + std::to_string(f.number)
        + " got no answer and may have reached the provider.");
  }
  void operator()(const outcome_settled& f) {
    say("The unknown outcome of attempt " + std::to_string(f.number)
        + " was settled: " + std::string{to_string(f.as)} + ".");
  }
  void operator()(const fallback_taken& f) {
    say("The chain went on from " + on(f.from_step) + " to " + on(f.to_step) + ": " + words(f.why)
        + ".");
  }
  void operator()(const provider_reported& f) {
    say("The " + on(f.step) + " message was reported " + std::string{to_string(f.what)} + ".");
  }
  void operator()(const cancelled& f) {
    say("It was cancelled: " + words(f.why) + ".");
  }
  void operator()(const expired&) {
    say("It expired before it could be sent.");
  }
  void operator()(const dead_lettered& f) {
    say("It was dead-lettered: " + words(f.why) + ".");
  }
  void operator()(const replayed& f) {
    say("It was started again: " + words(f.why) + ".");
  }
  void operator()(const discarded& f) {
    say("The dead letter was discarded: " + f.note);
  }
  void operator()(const in_app_posted&) {
    say("It was put into the in-app inbox.");
  }
  void operator()(const in_app_changed& f) {
    say("The reader changed it in the inbox: " + std::string{to_string(f.what)} + ".");
  }
  template <class Other>
  void operator()(const Other&) {
    // not about one notification
  }

  [[nodiscard]] std::string text() const {
    return json{{"sentences", sentences_}, {"decisions", decisions_}}.dump();
  }

private:
  void say(std::string sentence) {
    sentences_.push_back(std::move(sentence));
  }

  [[nodiscard]] std::string on(std::uint8_t step) const {
    return step < steps_.size() ? std::string{to_string(steps_[step].on)} : "unknown";
  }

  static std::string words(reason why) {
    std::string out{to_string(why)};
    for (auto& c : out)
      if (c == '_')
        c = ' ';
    return out;
  }

  static std::string detail(layer from, const std::string& inputs) {
    std::string out;
    if (!inputs.empty())
      out += " (" + inputs + ")";
    if (from != layer::none)
      out += ", set by the " + std::string{to_string(from)} + " layer";
    return out + ".";
  }

  void passed(std::uint8_t step, std::uint32_t mask) {
    for (auto c : gate_checks)
      if ((mask & 1U << static_cast<unsigned>(c)) != 0)
        decide(step, c, verdict::pass, reason::none, no_time, layer::none, {});
  }

  void decide(std::uint8_t step, check by, verdict says, reason why, timestamp until, layer from,
              const std::string& inputs) {
    json in = json::object();
    if (!inputs.empty())
      in["text"] = inputs;
    decisions_.push_back({{"at", to_rfc3339(at_)},
                          {"step", step},
                          {"channel", on(step)},
                          {"check", to_string(by)},
                          {"verdict", to_string(says)},
                          {"reason", name_or_null(why)},
                          {"until", time_or_null(until)},
                          {"layer", from == layer::none ? json(nullptr) : json(to_string(from))},
                          {"inputs", std::move(in)}});
  }

  timestamp at_;
  std::vector<planned_step> steps_;
  json sentences_ = json::array();
  json decisions_ = json::array();
};

} // namespace

std::string show_notification(const notification_state& s) {
  json steps = json::array();
  for (std::size_t i = 0; i < s.steps.size(); ++i)
    steps.push_back({{"channel", to_string(s.plan->steps[i].on)},
                     {"status", to_string(s.steps[i].now)},
                     {"reason", name_or_null(s.steps[i].why)}});
  json attempts = json::array();
  for (const auto& a : s.attempts)
    attempts.push_back(show_attempt(s, a));
  json out{{"id", to_string(s.id)},
           {"event_id", text_or_null(s.event_id)},
           {"recipient_id", s.recipient.str()},
           {"type", s.plan->type},
           {"category", to_string(s.plan->in)},
           {"priority", to_string(s.plan->at)},
           {"status", to_string(s.now)},
           {"channel",
            s.steps.empty() ? json(nullptr) : json(to_string(s.plan->steps[leading_step(s)].on))},
           {"reason", name_or_null(s.why)},
           {"created_at", to_rfc3339(s.created_at)},
           {"updated_at", to_rfc3339(s.updated_at)},
           {"send_at", time_or_null(s.send_at)},
           {"expires_at", time_or_null(s.expires_at)},
           {"steps", std::move(steps)},
           {"attempts", std::move(attempts)}};
  return out.dump();
}

std::string show_timeline(const std::vector<journal_row>& rows) {
  json items = json::array();
  std::vector<planned_step> steps;
  for (const auto& row : rows) {
    json item{{"sequence", row.sequence},
              {"at", to_rfc3339(row.recorded_at)},
              {"type", to_string(row.type)},
              {"channel", nullptr},
              {"provider", nullptr},
              {"reason", nullptr},
              {"until", nullptr},
              {"attempt", nullptr}};
    if (auto f = decode_fact(row.type, row.schema, row.body)) {
      if (const auto* planned = std::get_if<notification_planned>(&*f))
        steps = planned->steps;
      std::visit(timeline_words{item, steps}, *f);
    }
    items.push_back(std::move(item));
  }
  return json{{"items", std::move(items)}}.dump();
}

std::string show_explanation(const std::vector<journal_row>& rows) {
  explainer e;
  for (const auto& row : rows)
    if (auto f = decode_fact(row.type, row.schema, row.body))
      e.add(row, *f);
  return e.text();
}

} // namespace carillon
