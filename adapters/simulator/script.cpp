#include "adapters/simulator/script.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <utility>

namespace carillon::simulator {

namespace {

using nlohmann::json;

struct bad_rule : std::runtime_error {
  using runtime_error::runtime_error;
};

[[noreturn]] void refuse(const std::string& name, const char* what) {
  throw bad_rule("\"" + name + "\" must be " + what);
}

long long count_of(const std::string& name, const json& v, long long least, long long most) {
  if (!v.is_number_integer() || v.get<long long>() < least || v.get<long long>() > most)
    refuse(name,
           ("an integer from " + std::to_string(least) + " to " + std::to_string(most)).c_str());
  return v.get<long long>();
}

milliseconds ms_of(const std::string& name, const json& v) {
  return milliseconds{count_of(name, v, 0, 3'600'000)};
}

bool bool_of(const std::string& name, const json& v) {
  return v.is_boolean() ? v.get<bool>() : (refuse(name, "true or false"), false);
}

std::string text_of(const std::string& name, const json& v) {
  return v.is_string() ? v.get<std::string>() : (refuse(name, "a string"), std::string{});
}

callback_step callback_of(const json& v) {
  callback_step out;
  if (v.is_string()) {
    out.status = v.get<std::string>();
    return out;
  }
  if (!v.is_object())
    refuse("callbacks", "an array of strings or objects");
  for (const auto& [name, value] : v.items()) {
    if (name == "status")
      out.status = text_of(name, value);
    else if (name == "after_ms")
      out.after = ms_of(name, value);
    else if (name == "error_code")
      out.error_code = static_cast<int>(count_of(name, value, 1, 99999));
    else
      throw bad_rule("unknown field \"" + name + "\" in a callback");
  }
  if (out.status.empty())
    throw bad_rule("a callback needs a \"status\"");
  return out;
}

std::vector<callback_step> callbacks_of(const json& v) {
  if (!v.is_array() || v.size() > 100)
    refuse("callbacks", "an array of at most 100");
  std::vector<callback_step> out;
  for (const auto& item : v)
    out.push_back(callback_of(item));
  return out;
}

// `"bounce": true`, a Twilio code, or a callback: sent, then undelivered.
std::vector<callback_step> bounce_of(const json& v) {
  callback_step end{"undelivered", milliseconds{0}, 30005};
  if (v.is_number_integer()) {
    end.error_code = static_cast<int>(count_of("bounce", v, 1, 99999));
  } else if (v.is_object()) {
    auto full = v;
    full.emplace("status", "undelivered");
    full.emplace("error_code", 30005);
    end = callback_of(full);
  } else if (v.is_string()) {
    end.status = v.get<std::string>();
  } else if (!v.is_boolean() || !v.get<bool>()) {
    refuse("bounce", "true, a code, a status or a callback");
  }
  return {{"sent", milliseconds{0}, 0}, end};
}

bool read_match(rule& r, const std::string& name, const json& v) {
  if (name == "to")
    r.to_prefix = text_of(name, v);
  else if (name == "from")
    r.from = text_of(name, v);
  else if (name == "body")
    r.body_contains = text_of(name, v);
  else if (name == "nth")
    r.nth = static_cast<std::uint64_t>(count_of(name, v, 1, 1'000'000'000));
  else if (name == "every")
    r.every = static_cast<std::uint64_t>(count_of(name, v, 1, 1'000'000'000));
  else if (name == "seed")
    r.seed = static_cast<std::uint64_t>(count_of(name, v, 0, 1'000'000'000'000));
  else if (name == "remaining")
    r.remaining = static_cast<std::uint64_t>(count_of(name, v, 0, 1'000'000'000));
  else if (name == "probability") {
    if (!v.is_number() || v.get<double>() < 0 || v.get<double>() > 1)
      refuse(name, "a number from 0 to 1");
    r.probability = v.get<double>();
  } else
    return false;
  return true;
}

bool read_answer(behaviour& b, const std::string& name, const json& v) {
  if (name == "status")
    b.status = static_cast<int>(count_of(name, v, 200, 599));
  else if (name == "code")
    b.code = static_cast<int>(count_of(name, v, 1, 99999));
  else if (name == "message")
    b.message = text_of(name, v);
  else if (name == "retry_after")
    b.retry_after
        = v.is_string() ? v.get<std::string>() : std::to_string(count_of(name, v, 0, 1'000'000));
  else if (name == "delay_ms")
    b.delay = ms_of(name, v);
  else if (name == "hang")
    b.hang = bool_of(name, v);
  else if (name == "close_after_accept")
    b.close_after_accept = bool_of(name, v);
  else if (name == "close_before_answer")
    b.close_before_answer = bool_of(name, v);
  else if (name == "reset")
    b.reset = bool_of(name, v);
  else if (name == "truncate")
    b.truncate = bool_of(name, v);
  else if (name == "accept")
    b.accept = bool_of(name, v);
  else
    return false;
  return true;
}

bool read_callbacks(behaviour& b, const std::string& name, const json& v) {
  if (name == "callbacks")
    b.callbacks = callbacks_of(v);
  else if (name == "bounce")
    b.callbacks = bounce_of(v);
  else if (name == "late")
    b.late = ms_of(name, v);
  else if (name == "doubled")
    b.doubled = bool_of(name, v);
  else if (name == "reordered")
    b.reordered = bool_of(name, v);
  else if (name == "bad_signature")
    b.bad_signature = bool_of(name, v);
  else
    return false;
  return true;
}

rule rule_of(const json& source) {
  if (!source.is_object())
    throw bad_rule("a rule must be an object");
  rule out;
  for (const auto& [name, value] : source.items())
    if (!read_match(out, name, value) && !read_answer(out.what, name, value)
        && !read_callbacks(out.what, name, value))
      throw bad_rule("unknown field \"" + name + "\"");
  if (out.what.retry_after.find_first_of("\r\n") != std::string::npos)
    refuse("retry_after", "one line");
  out.random.seed(out.seed);
  return out;
}

bool fires(rule& r, std::string_view to, std::string_view from, std::string_view body) {
  if (!to.starts_with(r.to_prefix) || (!r.from.empty() && from != r.from)
      || body.find(r.body_contains) == std::string_view::npos)
    return false;
  ++r.seen;
  if ((r.nth != 0 && r.seen != r.nth) || (r.every != 0 && r.seen % r.every != 0)
      || (r.remaining && *r.remaining == 0))
    return false;
  if (r.probability < 1 && std::generate_canonical<double, 53>(r.random) >= r.probability)
    return false;
  ++r.fired;
  if (r.remaining)
    --*r.remaining;
  return true;
}

} // namespace

std::optional<std::string> script::load(const json& source, bool append) {
  const auto& list = source.is_object() && source.contains("rules") ? source["rules"] : source;
  if (!list.is_array() || list.size() > 1000)
    return "a script is an array of at most 1000 rules, or {\"rules\": [...]}";
  std::vector<rule> rules;
  std::vector<std::string> sources;
  for (std::size_t i = 0; i < list.size(); ++i) {
    try {
      rules.push_back(rule_of(list[i]));
      sources.push_back(list[i].dump());
    } catch (const bad_rule& e) {
      return "rule " + std::to_string(i) + ": " + e.what();
    }
  }
  std::lock_guard lock(mutex_);
  if (!append) {
    rules_.clear();
    sources_.clear();
  }
  rules_.insert(rules_.end(), rules.begin(), rules.end());
  sources_.insert(sources_.end(), sources.begin(), sources.end());
  for (std::size_t i = 0; i < rules_.size(); ++i)
    rules_[i].what.rule = static_cast<int>(i);
  return std::nullopt;
}

void script::clear() {
  std::lock_guard lock(mutex_);
  rules_.clear();
  sources_.clear();
}

json script::show() const {
  std::lock_guard lock(mutex_);
  auto list = json::array();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    auto item = json::parse(sources_[i]);
    item["seen"] = rules_[i].seen;
    item["fired"] = rules_[i].fired;
    if (rules_[i].remaining)
      item["remaining"] = *rules_[i].remaining;
    list.push_back(std::move(item));
  }
  return {{"rules", std::move(list)}};
}

behaviour script::decide(std::string_view to, std::string_view from, std::string_view body) {
  std::lock_guard lock(mutex_);
  for (auto& r : rules_)
    if (fires(r, to, from, body))
      return r.what;
  return {};
}

} // namespace carillon::simulator
