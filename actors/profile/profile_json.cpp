#include "actors/profile/profile_json.hpp"

#include "actors/profile/contact_points.hpp"
#include "actors/support/json_reader.hpp"
#include "actors/support/zones.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

namespace {

using nlohmann::json;

constexpr std::size_t attributes_limit = 16 * 1024;

std::string read_phone(object_reader& in, std::string_view name) {
  auto text = in.text(name, 64);
  if (text.empty())
    return {};
  auto number = normalize_phone(text);
  if (!number)
    in.problem(
        name,
        "must be a phone number in E.164 form such as +15550001111, of a length its country has");
  return number.value_or("");
}

void read_contacts(object_reader& outer, profile& who) {
  const auto* contacts = outer.object("contacts");
  if (!contacts)
    return;
  object_reader in{*contacts, outer.pointer_to("contacts"), outer.problems()};
  who.sms = read_phone(in, "sms");
  who.whatsapp = read_phone(in, "whatsapp");
  who.email = in.text("email", 254);
  if (!who.email.empty() && !is_email(who.email))
    in.problem("email", "must be an e-mail address");
  in.refuse_others();
}

void put(json& out, const char* name, const std::string& value) {
  if (!value.empty())
    out[name] = value;
}

} // namespace

profile parse_profile(const json& body, problem_items& problems) {
  profile who;
  object_reader in{body, "", problems};
  who.name = in.text("name", 256);
  who.first_name = in.text("first_name", 256);
  who.locale = in.text("locale", 64);
  if (!who.locale.empty() && !is_locale(who.locale))
    in.problem("locale", "must be a language tag such as en or es-MX");
  who.timezone = in.text("timezone", 64);
  if (!who.timezone.empty() && !find_zone(who.timezone))
    in.problem("timezone", "must be an IANA time zone such as America/New_York");
  who.organization = in.text("organization", 256);
  who.provider = in.text("provider", 256);
  if (auto roles = in.texts("roles", 64, 64))
    who.roles = std::move(*roles);
  read_contacts(in, who);
  if (const auto* attributes = in.object("attributes")) {
    if (attributes->dump().size() > attributes_limit)
      in.problem("attributes", "must be at most 16 KiB");
    who.attributes = std::make_shared<const json>(*attributes);
  }
  in.refuse_others();
  return who;
}

profile read_profile(const json& body) {
  auto text = [](const json& in, const char* name) {
    auto i = in.find(name);
    return i != in.end() ? i->get<std::string>() : std::string{};
  };
  profile who;
  who.name = text(body, "name");
  who.first_name = text(body, "first_name");
  who.locale = text(body, "locale");
  who.timezone = text(body, "timezone");
  who.organization = text(body, "organization");
  who.provider = text(body, "provider");
  if (auto i = body.find("roles"); i != body.end())
    who.roles = i->get<std::vector<std::string>>();
  if (auto i = body.find("contacts"); i != body.end()) {
    who.sms = text(*i, "sms");
    who.email = text(*i, "email");
    who.whatsapp = text(*i, "whatsapp");
  }
  if (auto i = body.find("attributes"); i != body.end())
    who.attributes = std::make_shared<const json>(*i);
  return who;
}

json to_json(const profile& who) {
  auto out = json::object();
  put(out, "name", who.name);
  put(out, "first_name", who.first_name);
  put(out, "locale", who.locale);
  put(out, "timezone", who.timezone);
  put(out, "organization", who.organization);
  put(out, "provider", who.provider);
  if (!who.roles.empty())
    out["roles"] = who.roles;
  auto contacts = json::object();
  put(contacts, "sms", who.sms);
  put(contacts, "email", who.email);
  put(contacts, "whatsapp", who.whatsapp);
  if (!contacts.empty())
    out["contacts"] = std::move(contacts);
  if (who.attributes && !who.attributes->empty())
    out["attributes"] = *who.attributes;
  return out;
}

profile patch_profile(const profile& who, const json& patch, problem_items& problems) {
  if (!patch.is_object()) {
    problems.push_back({"", "must be an object"});
    return who;
  }
  auto out = parse_profile(merge_patch(to_json(who), patch), problems);
  out.devices = who.devices;
  return out;
}

device parse_device(std::string token, const json& body, problem_items& problems) {
  device out;
  out.token = std::move(token);
  object_reader in{body, "", problems};
  out.platform = in.required_text("platform", 32);
  if (!out.platform.empty() && out.platform != "fcm" && out.platform != "apns"
      && out.platform != "webpush")
    in.problem("platform", "must be one of fcm apns webpush");
  if (!is_recipient_id(out.token.substr(0, 256)) || out.token.size() > 4096)
    in.problem_at("", "the device's token must have 1 to 4096 bytes");
  if (in.ok())
    out.details = std::make_shared<const json>(body);
  return out;
}

json to_json(const device& what) {
  auto out = what.details ? *what.details : json::object();
  out["token"] = what.token;
  out["platform"] = what.platform;
  return out;
}

device parse_sealed_device(const json& body) {
  device out;
  out.token = body.value("token", "");
  out.platform = body.value("platform", "");
  auto details = body;
  details.erase("token");
  out.details = std::make_shared<const json>(std::move(details));
  return out;
}

} // namespace carillon
