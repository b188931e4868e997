#include "actors/renderer/renderer.hpp"

#include "actors/renderer/compiled_template.hpp"
#include "actors/renderer/localized_time.hpp"
#include "actors/renderer/sms_segments.hpp"
#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <thread>

using namespace carillon;
using carillon::test::monday;
using nlohmann::json;

namespace {

const auto confirmation = R"({"locales":{
  "en":{"channels":{"sms":{"text":"Hi {{first_name}}, {{data.service}} on {{data.startsAt.date}}, {{data.startsAt.time}}"},
    "email":{"subject":"{{data.service}}","html":"<p>{{data.service}} & {{name}}</p>","text":"{{data.service}}"},
    "push":{"title":"T","body":"B {{data.missing}}."},
    "in_app":{"title":"{{data.service}}","body":"b","actions":[{"id":"ok","label":"OK {{first_name}}"}]}}},
  "es":{"channels":{"sms":{"text":"Hola {{first_name}}"}}}},
  "variables":[{"name":"service","type":"string","required":true},{"name":"room","default":"1"}]})"_json;

template_ptr compiled(const json& source) {
  problem_items problems;
  auto out = std::make_shared<template_version>();
  out->compiled = compile_template(source, problems);
  for (const auto& p : problems)
    UNSCOPED_INFO(p.pointer << " " << p.message);
  REQUIRE(problems.empty());
  return out;
}

profile ana() {
  profile who;
  who.name = "Ana <Diaz>";
  who.first_name = "Ana";
  who.timezone = "America/New_York";
  who.sms = "+15550001111";
  who.email = "ana@example.com";
  return who;
}

delivery_context context_of(const json& source, profile who = ana(),
                            const json& data = {{"service", "Facial & more"},
                                                {"startsAt", "2026-11-24T14:05:00Z"}}) {
  delivery_context c;
  c.who = std::make_shared<const profile>(std::move(who));
  c.data = std::make_shared<const json>(data);
  c.by_template = source.is_null() ? nullptr : compiled(source);
  return c;
}

std::string sms(const delivery_context& c) {
  auto r = render(c, recipient_id{"p-1"}, channel::sms);
  return r.message ? r.message->text : std::string{to_string(r.failed)};
}

delivery_context with_text(const std::string& text, const json& data) {
  return context_of({{"locales", {{"en", {{"channels", {{"sms", {{"text", text}}}}}}}}}}, ana(),
                    data);
}

} // namespace

TEST_CASE("a message is rendered in the recipient's words, zone and address") {
  auto c = context_of(confirmation);
  auto r = render(c, recipient_id{"p-1"}, channel::sms);
  REQUIRE(r.message);
  CHECK(r.message->to == "+15550001111");
  CHECK(r.message->text == "Hi Ana, Facial & more on Tuesday, November 24, 9:05 AM");
  CHECK_FALSE(r.content.is_nil());
}

TEST_CASE("only html is escaped") {
  auto r = render(context_of(confirmation), recipient_id{"p-1"}, channel::email);
  REQUIRE(r.message);
  CHECK(r.message->subject == "Facial & more");
  CHECK(r.message->html == "<p>Facial &amp; more & Ana &lt;Diaz&gt;</p>");
  CHECK(r.message->text == "Facial & more");
}

TEST_CASE("a locale falls back to its language and then to the default, channel by channel") {
  auto who = ana();
  who.locale = "es-MX";
  CHECK(sms(context_of(confirmation, who)) == "Hola Ana");
  CHECK(render(context_of(confirmation, who), recipient_id{"p"}, channel::email).message->subject
        == "Facial & more");
  who.locale = "fr"; // an English text with English dates
  CHECK(sms(context_of(confirmation, who)).find("Tuesday") != std::string::npos);
  CHECK(sms(context_of(confirmation, who)).starts_with("Hi Ana"));
}

TEST_CASE("in-app has title, body and actions, and borrows from push") {
  auto r = render(context_of(confirmation), recipient_id{"p-1"}, channel::in_app);
  REQUIRE(r.message);
  CHECK(r.message->to == "p-1");
  CHECK(r.message->title == "Facial & more");
  CHECK(r.message->extra->at("actions").at(0).at("label") == "OK Ana");
  auto source = confirmation;
  source["locales"]["en"]["channels"].erase("in_app");
  CHECK(render(context_of(source), recipient_id{"p"}, channel::in_app).message->body == "B .");
}

TEST_CASE("no contact, no text, a missing variable and one of another type are reasons") {
  auto failed = [](const delivery_context& c, channel on) {
    return render(c, recipient_id{"p"}, on).failed;
  };
  CHECK(failed(context_of(confirmation, profile{}), channel::sms) == reason::no_contact);
  CHECK(failed(context_of(confirmation), channel::push) == reason::no_contact);
  CHECK(failed(context_of(nullptr), channel::sms) == reason::template_missing);
  CHECK(failed(context_of(confirmation, ana(), json::object()), channel::sms)
        == reason::template_failed);
  CHECK(failed(context_of(confirmation, ana(), {{"service", true}}), channel::sms)
        == reason::template_failed);
}

TEST_CASE("inline content overrides the template's, and stands alone") {
  auto c = context_of(confirmation);
  c.content = std::make_shared<const json>(
      json{{"sms", {{"text", "for {{first_name}}"}}}, {"email", {{"subject", "own"}}}});
  CHECK(sms(c) == "for Ana");
  auto mail = render(c, recipient_id{"p"}, channel::email);
  CHECK(mail.message->subject == "own");
  CHECK(mail.message->text == "Facial & more");
  c.by_template = nullptr;
  CHECK(sms(c) == "for Ana");
}

TEST_CASE("push goes to all devices") {
  auto who = ana();
  who.devices.push_back({"tok", "fcm", nullptr});
  auto r = render(context_of(confirmation, who), recipient_id{"p"}, channel::push);
  CHECK(r.message->extra->at("devices") == json::array({{{"token", "tok"}, {"platform", "fcm"}}}));
}

TEST_CASE("sections, lists, conditions and defaults of Mustache work") {
  json data{{"items", {{{"n", "a"}}, {{"n", "b"}}}},
            {"list", {1, 2}},
            {"yes", true},
            {"no", false},
            {"empty", ""}};
  CHECK(sms(with_text("{{#data.items}}{{n}}{{first_name}} {{/data.items}}", data)) == "aAna bAna ");
  CHECK(sms(with_text("{{#data.list}}{{.}},{{/data.list}}", data)) == "1,2,");
  CHECK(
      sms(with_text(
          "{{#data.yes}}y{{/data.yes}}{{#data.no}}n{{/data.no}}{{^data.no}}not{{/data.no}}", data))
      == "ynot");
  CHECK(sms(with_text("{{#data.empty}}x{{/data.empty}}{{^data.gone}}-{{/data.gone}}{{data.yes}}",
                      data))
        == "-true");
  CHECK(sms(with_text("{{>partial}}{{! comment }}x", data)) == "x");
}

TEST_CASE("a text that is no Mustache is refused with its pointer") {
  problem_items problems;
  next_template_source(nullptr, {{"locale", "en"}, {"channels", {{"sms", {{"text", "{{#a}}"}}}}}},
                       problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].pointer == "/channels/sms/text");
  problems.clear();
  next_template_source(
      nullptr, {{"locale", "e_n"}, {"channels", {{"fax", {{"text", "x"}}}}}, {"x", 1}}, problems);
  CHECK(problems.size() == 3);
}

TEST_CASE("a put with another locale keeps the newest version's locales") {
  problem_items problems;
  auto first = next_template_source(
      nullptr, {{"locale", "en"}, {"channels", {{"sms", {{"text", "a"}}}}}}, problems);
  auto second = next_template_source(
      first, {{"locale", "es"}, {"channels", {{"sms", {{"text", "b"}}}}}}, problems);
  CHECK(problems.empty());
  CHECK(second["locales"].size() == 2);
  CHECK(second["default"] == "en");
}

TEST_CASE("SMS are counted as GSM-7 or UCS-2 segments") {
  CHECK(measure_sms("hello").segments == 1);
  CHECK(measure_sms(std::string(160, 'a')).segments == 1);
  CHECK(measure_sms(std::string(161, 'a')).segments == 2);
  CHECK(measure_sms(std::string(306, 'a')).segments == 2);
  CHECK(measure_sms(std::string(307, 'a')).segments == 3);
  CHECK(measure_sms("¡Mañana a las 9!").gsm7);
  CHECK_FALSE(measure_sms("está").gsm7); // á is not in the alphabet, à is
  CHECK(measure_sms(std::string(159, 'a') + "€").segments == 2);
  std::string wide;
  for (int i = 0; i < 35; ++i)
    wide += "😀";
  CHECK(measure_sms(wide).segments == 1);
  CHECK(measure_sms(wide + "ж").segments == 2);
}

TEST_CASE("an SMS of more than 1600 characters is not sent") {
  CHECK(sms(with_text(std::string(1600, 'a'), json::object())).size() == 1600);
  CHECK(sms(with_text(std::string(1601, 'a'), json::object())) == "template_failed");
}

TEST_CASE("a preview shows every channel with its segments") {
  auto out = preview(context_of(confirmation), recipient_id{"p"});
  CHECK(out["sms"]["segments"] == 1);
  CHECK(out["sms"]["encoding"] == "GSM-7");
  CHECK(out["email"]["subject"] == "Facial & more");
  CHECK(out["push"]["title"] == "T");
  CHECK(out["whatsapp"]["text"] == out["sms"]["text"]); // borrowed
}

TEST_CASE("times are worded for the locale and zone") {
  CHECK(localize_time(monday, time_style::iso_date, "en", "Pacific/Auckland") == "2026-11-23");
  CHECK(localize_time(monday, time_style::time, "es", "Europe/Madrid") == "10:00");
  CHECK(localize_time(monday, time_style::weekday, "es-MX", "") == "lunes");
}

TEST_CASE("one template is rendered from many threads at once") {
  auto c = context_of(confirmation);
  auto want = sms(c);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k)
        wrong += render(c, recipient_id{"p-1"}, channel::sms).message->text != want ? 1 : 0;
    });
  for (auto& t : threads)
    t.join();
  CHECK(wrong == 0);
}
