#include "actors/profile/consent_json.hpp"
#include "actors/profile/contact_points.hpp"
#include "actors/profile/preferences_json.hpp"
#include "actors/profile/profile_json.hpp"
#include "actors/support/json_reader.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace carillon;
using nlohmann::json;

namespace {

const auto full_profile
    = R"({"name":"Ana Diaz","first_name":"Ana","locale":"es-MX","timezone":"America/New_York",
  "organization":"o-1","provider":"dr-2","roles":["inventory_manager"],
  "contacts":{"sms":"+15550001111","email":"ana@example.com","whatsapp":"+5215512345678"},
  "attributes":{"vip":true}})"_json;

const auto full_preferences = R"({"global_opt_out":false,
  "channels":{"sms":{"enabled":true,"categories":{"marketing":false}}},"categories":{"review":false},
  "quiet_hours":{"enabled":true,"start":"22:00","end":"08:00","timezone":"America/New_York",
    "channels":["sms","push"],"exceptions":["realtime_alert","appointment_reminder_2h"]},
  "do_not_disturb":{"enabled":false,"until":null},"frequency":{"marketing":"weekly","review":"monthly"},
  "digest":{"membership":"daily_digest"},"language":"es-MX","preferred_channels":["email","sms"]})"_json;

std::vector<std::string> pointers(const problem_items& problems) {
  std::vector<std::string> out;
  for (const auto& p : problems)
    out.push_back(p.pointer);
  return out;
}

std::vector<std::string> profile_problems(const json& body) {
  problem_items problems;
  parse_profile(body, problems);
  return pointers(problems);
}

std::vector<std::string> preference_problems(const json& body) {
  problem_items problems;
  parse_preferences(body, problems);
  return pointers(problems);
}

} // namespace

TEST_CASE("a profile comes back from JSON as it went in") {
  problem_items problems;
  auto who = parse_profile(full_profile, problems);
  CHECK(problems.empty());
  CHECK(to_json(who) == full_profile);
  CHECK(to_json(parse_profile(json::object(), problems)) == json::object());
}

TEST_CASE("what is wrong with a profile is said with its pointer") {
  CHECK(profile_problems({{"nickname", "x"}}) == std::vector<std::string>{"/nickname"});
  CHECK(profile_problems({{"timezone", "Mars/Base"}}) == std::vector<std::string>{"/timezone"});
  CHECK(profile_problems({{"name", 3}}) == std::vector<std::string>{"/name"});
  CHECK(profile_problems({{"contacts", {{"sms", "5550001111"}}}})
        == std::vector<std::string>{"/contacts/sms"});
  CHECK(profile_problems({{"contacts", {{"fax", "+15550001111"}}}})
        == std::vector<std::string>{"/contacts/fax"});
  CHECK(profile_problems({{"contacts", {{"email", "nobody"}}}})
        == std::vector<std::string>{"/contacts/email"});
  CHECK(profile_problems({{"roles", {"a", 1}}}) == std::vector<std::string>{"/roles/1"});
  CHECK(profile_problems(json::array()) == std::vector<std::string>{""});
}

TEST_CASE("a phone number is kept in E.164 form if its length is possible") {
  CHECK(normalize_phone("+1 (555) 000-1111") == "+15550001111");
  CHECK(normalize_phone("+442071838750") == "+442071838750");
  for (const char* wrong :
       {"", "+", "+1555", "+1555000111122233", "15550001111", "+1-800-FLOWERS", "+999123456789"})
    CHECK_FALSE(normalize_phone(wrong));
}

TEST_CASE("e-mail addresses, language tags and recipient ids are looked at") {
  for (const char* right : {"a@b.example", "x.y+z@sub.example.com", "root@localhost"})
    CHECK(is_email(right));
  for (const char* wrong : {"", "@b.c", "a@", "a b@c.d", "a@b..c", "a@.b", ".a@b.c", "a@nodot"})
    CHECK_FALSE(is_email(wrong));
  CHECK(is_locale("en"));
  CHECK(is_locale("es-MX"));
  CHECK_FALSE(is_locale("e"));
  CHECK_FALSE(is_locale("es_MX"));
  CHECK_FALSE(is_locale("es-"));
  CHECK(is_recipient_id("p-1"));
  CHECK_FALSE(is_recipient_id(""));
  CHECK_FALSE(is_recipient_id(std::string(257, 'a')));
  CHECK_FALSE(is_recipient_id("a\nb"));
}

TEST_CASE("a patch changes what it names and removes what it sets to null") {
  problem_items problems;
  auto who = parse_profile(full_profile, problems);
  who.devices.push_back({"t", "fcm", nullptr});
  auto next = patch_profile(who, {{"locale", nullptr}, {"contacts", {{"email", "b@example.com"}}}},
                            problems);
  CHECK(problems.empty());
  CHECK(next.locale.empty());
  CHECK(next.email == "b@example.com");
  CHECK(next.sms == "+15550001111");
  CHECK(next.devices.size() == 1);
}

TEST_CASE("a device keeps the members of its platform") {
  problem_items problems;
  auto d = parse_device("tok", {{"platform", "webpush"}, {"p256dh", "k"}}, problems);
  CHECK(problems.empty());
  CHECK(to_json(d) == json{{"token", "tok"}, {"platform", "webpush"}, {"p256dh", "k"}});
  CHECK(to_json(parse_sealed_device(to_json(d))) == to_json(d));
  parse_device("tok", {{"platform", "fax"}}, problems);
  CHECK(pointers(problems) == std::vector<std::string>{"/platform"});
}

TEST_CASE("preferences come back from JSON as they went in") {
  problem_items problems;
  auto layer = parse_preferences(full_preferences, problems);
  CHECK(problems.empty());
  CHECK(to_json(layer) == full_preferences);
  auto patched = patch_preferences(
      layer, {{"quiet_hours", {{"end", "07:30"}}}, {"language", nullptr}}, problems);
  CHECK(problems.empty());
  CHECK(to_json(patched)["quiet_hours"]["end"] == "07:30");
  CHECK(to_json(patched)["quiet_hours"]["start"] == "22:00");
  CHECK_FALSE(to_json(patched).contains("language"));
  json until = {{"do_not_disturb", {{"enabled", true}, {"until", "2026-11-23T10:00:00.000Z"}}}};
  CHECK(to_json(parse_preferences(until, problems)) == until);
}

TEST_CASE("what is wrong with preferences is said with its pointer") {
  using list = std::vector<std::string>;
  CHECK(preference_problems({{"quiet_hours", {{"start", "24:00"}}}}) == list{"/quiet_hours/start"});
  CHECK(preference_problems({{"quiet_hours", {{"start", "9:00"}}}}) == list{"/quiet_hours/start"});
  CHECK(preference_problems({{"quiet_hours", {{"timezone", "X"}}}})
        == list{"/quiet_hours/timezone"});
  CHECK(preference_problems({{"quiet_hours", {{"channels", {"fax"}}}}})
        == list{"/quiet_hours/channels/0"});
  CHECK(preference_problems({{"channels", {{"fax", json::object()}}}}) == list{"/channels/fax"});
  CHECK(preference_problems({{"channels", {{"sms", {{"on", true}}}}}}) == list{"/channels/sms/on"});
  CHECK(preference_problems({{"categories", {{"gossip", true}}}}) == list{"/categories/gossip"});
  CHECK(preference_problems({{"frequency", {{"marketing", "often"}}}})
        == list{"/frequency/marketing"});
  CHECK(preference_problems({{"global_opt_out", "yes"}}) == list{"/global_opt_out"});
}

TEST_CASE("a consent is read, and what must be protected is kept apart") {
  problem_items problems;
  auto c = parse_consent(
      recipient_id{"p"},
      {{"channel", "sms"}, {"purpose", "marketing"}, {"status", "opted_out"}, {"ip", "10.0.0.1"}},
      problems);
  CHECK(problems.empty());
  CHECK(c.entry.consent_status == "opted_out");
  CHECK(json::parse(c.protected_text) == json{{"ip", "10.0.0.1"}});
  CHECK(to_json(c.entry, no_time, c.protected_text)["ip"] == "10.0.0.1");
  parse_consent(recipient_id{"p"}, {{"purpose", "fun"}}, problems);
  CHECK(pointers(problems) == std::vector<std::string>{"/channel", "/purpose", "/status"});
}

TEST_CASE("text is checked for being UTF-8") {
  CHECK(is_clean_text("Grüße ✓", false));
  CHECK_FALSE(is_clean_text("\xff", false));
  CHECK_FALSE(is_clean_text("a\x01", true));
  CHECK_FALSE(is_clean_text("\xe2\x82", true));
}
