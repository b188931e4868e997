#include "actors/renderer/renderer.hpp"

#include "actors/renderer/compiled_template.hpp"
#include "actors/renderer/localized_time.hpp"
#include "actors/renderer/sms_segments.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

constexpr std::size_t sms_limit = 1600; // characters, as Twilio takes them

const json* walk(const json& root, std::string_view path, std::string_view& rest) {
  const auto* at = &root;
  while (!path.empty()) {
    auto dot = path.find('.');
    auto name = path.substr(0, dot);
    if (!at->is_object() || !at->contains(name)) {
      rest = path;
      return at;
    }
    at = &(*at)[std::string{name}];
    path = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
  }
  rest = {};
  return at;
}

/// `data.*` with the declared defaults, the recipient's members, and computed names behind a time.
class message_scope final : public text_scope {
public:
  message_scope(const delivery_context& context, const recipient_id& id,
                const compiled_template* by)
      : context_(context), id_(id), by_(by) {}

  /// Times are worded in the language of the text they stand in.
  void word_times_in(std::string locale) {
    locale_ = std::move(locale);
  }

  const json* find(std::string_view path, json& scratch) const override {
    if (path == "data")
      return context_.data.get();
    if (path.starts_with("data."))
      return in_data(path.substr(5), scratch);
    if (path.starts_with("attributes."))
      return context_.who->attributes
                 ? in_object(*context_.who->attributes, path.substr(11), scratch)
                 : nullptr;
    const auto* member = of_recipient(path);
    if (member)
      scratch = *member;
    return member ? &scratch : nullptr;
  }

private:
  const std::string* of_recipient(std::string_view name) const {
    const auto& who = *context_.who;
    if (name == "id")
      return &id_.str();
    if (name == "name")
      return &who.name;
    if (name == "first_name")
      return &who.first_name;
    if (name == "locale")
      return &who.locale;
    return name == "timezone" ? &who.timezone : nullptr;
  }

  const json* in_data(std::string_view path, json& scratch) const {
    if (context_.data)
      if (const auto* found = in_object(*context_.data, path, scratch); found && !found->is_null())
        return found;
    if (by_)
      for (const auto& v : by_->variables)
        if (v.name == path && !v.fallback.is_null())
          return &v.fallback;
    return nullptr;
  }

  const json* in_object(const json& root, std::string_view path, json& scratch) const {
    std::string_view rest;
    const auto* at = walk(root, path, rest);
    if (rest.empty())
      return at;
    auto style = parse_time_style(rest);
    if (!style || !at->is_string())
      return nullptr;
    auto time = parse_rfc3339(at->get_ref<const std::string&>());
    if (!time)
      return nullptr;
    scratch = localize_time(*time, *style, locale_, context_.who->timezone);
    return &scratch;
  }

  const delivery_context& context_;
  const recipient_id& id_;
  const compiled_template* by_;
  std::string locale_ = context_.who->locale;
};

bool fits(const json& value, const std::string& type) {
  if (type == "string")
    return value.is_string() || value.is_number();
  if (type == "number")
    return value.is_number();
  if (type == "integer")
    return value.is_number_integer();
  if (type == "boolean")
    return value.is_boolean();
  if (type == "list")
    return value.is_array();
  if (type == "object")
    return value.is_object();
  if (type == "datetime")
    return value.is_string() && parse_rfc3339(value.get_ref<const std::string&>());
  return type != "date" || value.is_string();
}

/// The first declared variable that is missing or of another type; empty if all is well.
std::string check_variables(const compiled_template& by, const message_scope& scope) {
  for (const auto& v : by.variables) {
    json scratch;
    const auto* value = scope.find("data." + v.name, scratch);
    if (!value || value->is_null()) {
      if (v.required)
        return "data." + v.name + " is required";
    } else if (!fits(*value, v.type)) {
      return "data." + v.name + " must be a " + v.type;
    }
  }
  return {};
}

/// A body and the locale its times are worded in.
struct found_body {
  const compiled_body* body = nullptr;
  std::string locale;
};

std::string language_of(const std::string& locale) {
  return locale.substr(0, locale.find('-'));
}

/// The body of a channel: in the recipient's locale, in its language, in the default.
found_body body_in(const compiled_template& by, const std::string& locale, channel on) {
  auto look = [&](const std::string& name) -> const compiled_body* {
    auto i = by.locales.find(name);
    if (i == by.locales.end())
      return nullptr;
    const auto& body = i->second[static_cast<std::size_t>(on)];
    return body ? &*body : nullptr;
  };
  for (auto name = locale; !name.empty();
       name.resize(name.rfind('-') == name.npos ? 0 : name.rfind('-')))
    if (const auto* found = look(name))
      return {found, locale};
  auto same_language = language_of(locale) == language_of(by.default_locale);
  return {look(by.default_locale), same_language ? locale : by.default_locale};
}

/// A less public channel may borrow the text of a more public one.
found_body find_body(const compiled_template& by, const std::string& locale, channel on) {
  auto own = body_in(by, locale, on);
  if (own.body || (on != channel::whatsapp && on != channel::in_app))
    return own;
  return body_in(by, locale, on == channel::whatsapp ? channel::sms : channel::push);
}

struct address {
  std::string to;
  json devices;
  bool known = true;
};

address address_of(const profile& who, const recipient_id& id, channel on) {
  switch (on) {
  case channel::sms:
    return {who.sms, {}, !who.sms.empty()};
  case channel::email:
    return {who.email, {}, !who.email.empty()};
  case channel::whatsapp:
    return {who.whatsapp, {}, !who.whatsapp.empty()};
  case channel::push: {
    address out{{}, json::array(), !who.devices.empty()};
    for (const auto& d : who.devices) {
      auto one = d.details ? *d.details : json::object();
      one["token"] = d.token;
      one["platform"] = d.platform;
      out.devices.push_back(std::move(one));
    }
    return out;
  }
  default:
    return {id.str(), {}, true};
  }
}

std::string* part_of(rendered_message& m, std::string_view name) {
  if (name == "subject")
    return &m.subject;
  if (name == "text")
    return &m.text;
  if (name == "html")
    return &m.html;
  return name == "title" ? &m.title : &m.body;
}

bool apply_body(const compiled_body& body, const text_scope& scope, rendered_message& out,
                json& extra) {
  for (const auto& [name, text] : body.texts) {
    auto& part = *part_of(out, name);
    part.clear();
    if (!text.render(scope, part))
      return false;
  }
  auto rendered = body.extra;
  for (const auto& [at, text] : body.extra_texts) {
    std::string part;
    if (!text.render(scope, part))
      return false;
    rendered[at] = std::move(part);
  }
  extra.update(rendered);
  return true;
}

bool is_empty(const rendered_message& m, const json& extra) {
  return m.text.empty() && m.html.empty() && m.title.empty() && m.body.empty() && m.subject.empty()
         && extra.empty();
}

rendering failure(reason why, std::string detail = {}) {
  rendering out;
  out.failed = why;
  out.detail = std::move(detail);
  return out;
}

/// The message without its address.
rendering compose(const delivery_context& context, const recipient_id& who, channel on,
                  address where) {
  const auto* by = context.by_template ? context.by_template->compiled.get() : nullptr;
  message_scope scope{context, who, by};
  if (by)
    if (auto problem = check_variables(*by, scope); !problem.empty())
      return failure(reason::template_failed, problem);
  auto message = std::make_shared<rendered_message>();
  auto extra = json::object();
  auto from = by ? find_body(*by, context.who->locale, on) : found_body{};
  if (from.body)
    scope.word_times_in(from.locale);
  if (from.body && !apply_body(*from.body, scope, *message, extra))
    return failure(reason::template_failed, "a text is too long");
  auto name = std::string{to_string(on)};
  if (context.content && context.content->contains(name)) {
    problem_items problems;
    auto own = compile_body(on, context.content->at(name), "/content/" + name, problems);
    if (!problems.empty() || !apply_body(own, scope, *message, extra))
      return failure(reason::template_failed,
                     problems.empty() ? "a text is too long" : problems[0].message);
  }
  if (is_empty(*message, extra))
    return failure(reason::template_missing);
  if (on == channel::sms && measure_sms(message->text).characters > sms_limit)
    return failure(reason::template_failed, "an SMS has at most 1600 characters");
  rendering out;
  out.content
      = make_hash(message->text + message->body, message->html, message->subject + message->title);
  message->to = std::move(where.to);
  if (!where.devices.is_null())
    extra["devices"] = std::move(where.devices);
  if (!extra.empty())
    message->extra = std::make_shared<const json>(std::move(extra));
  out.message = std::move(message);
  return out;
}

} // namespace

rendering render(const delivery_context& context, const recipient_id& who, channel on) {
  auto where = address_of(*context.who, who, on);
  if (!where.known)
    return failure(reason::no_contact);
  return compose(context, who, on, std::move(where));
}

json to_json(const rendered_message& m, channel on) {
  auto out = json::object();
  auto put = [&](const char* name, const std::string& text) {
    if (!text.empty())
      out[name] = text;
  };
  put("subject", m.subject);
  put("text", m.text);
  put("html", m.html);
  put("title", m.title);
  put("body", m.body);
  if (m.extra)
    out.update(*m.extra);
  out.erase("devices");
  if (on == channel::sms) {
    auto size = measure_sms(m.text);
    out["segments"] = size.segments;
    out["encoding"] = size.gsm7 ? "GSM-7" : "UCS-2";
  }
  return out;
}

json preview(const delivery_context& context, const recipient_id& who) {
  auto out = json::object();
  for (std::size_t i = 0; i < enum_count<channel>; ++i) {
    auto on = static_cast<channel>(i);
    auto r = compose(context, who, on, {});
    if (r.message)
      out[std::string{to_string(on)}] = to_json(*r.message, on);
    else if (r.failed == reason::template_failed)
      out[std::string{to_string(on)}] = {{"error", r.detail}};
  }
  return out;
}

} // namespace carillon
