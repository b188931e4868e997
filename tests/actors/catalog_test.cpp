#include "actors/catalog/catalog.hpp"

#include "messages/errors.hpp"

#include "actors/catalog/import.hpp"
#include "actors/renderer/compiled_template.hpp"
#include "actors/renderer/renderer.hpp"
#include "actors/rules/rules.hpp"
#include "tests/support/actor_world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace carillon;
using carillon::test::monday;
using nlohmann::json;
using kind = catalogue_command::kind;
using verb = catalogue_command::verb;

namespace {

const tenant_id tenant{"default"};

/// The store's part, in memory: keeps rows and numbers them.
struct kept {
  catalogue_rows rows;
  std::uint64_t version = 0;
  bool broken = false;
};

store_actor::behavior_type fake_store(store_actor::pointer, std::shared_ptr<kept> k) {
  return {[](const read_facts&) { return facts_read{}; },
          [](const find_event&) { return event_found{}; },
          [](const list_notifications&) { return answer{}; },
          [](const list_dead_letters&) { return answer{}; },
          [k](const load_catalogue&) { return k->rows; },
          [k](const save_catalogue& m) -> caf::result<catalogue_saved> {
            if (k->broken)
              return make_error(errc::store_failed);
            ++k->version;
            for (auto row : m.rows) {
              row.catalogue_version = k->version;
              k->rows.rows.push_back(row);
            }
            for (const auto& file : m.imported) {
              std::erase_if(k->rows.imported, [&](const auto& x) { return x.first == file.first; });
              k->rows.imported.push_back(file);
            }
            return catalogue_saved{k->version};
          },
          [](const save_snapshots&) { return snapshots_saved{}; },
          [](const read_snapshots&) { return snapshots_read{}; },
          [](const tend_segments&) { return segments_listed{}; },
          [](const get_health&) {
            return health{true, "{}"};
          }};
}

struct folder {
  std::filesystem::path path
      = std::filesystem::temp_directory_path()
        / ("carillon-catalogue-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
  static inline int count = 0;
  folder() {
    std::filesystem::create_directories(path / "rules");
    std::filesystem::create_directories(path / "templates");
  }
  ~folder() {
    std::filesystem::remove_all(path);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream{path / name} << text;
  }
};

struct fixture {
  test::actor_world world;
  std::shared_ptr<kept> rows = std::make_shared<kept>();
  catalogue_cell cell;
  catalog_actor catalog_ = start("");

  catalog_actor start(const std::string& directory) {
    auto store = world.spawn(fake_store, rows);
    auto out = world.spawn(catalog, catalog_arguments{store, &cell, &world.clock(), tenant});
    world.ask<caf::unit_t>(out, start_catalog{directory})->get();
    return out;
  }

  answer run(kind of, verb what, const std::string& name, const json& body = nullptr,
             std::uint32_t version = 0, std::uint64_t if_match = 0) {
    catalogue_command c;
    c.tenant = tenant;
    c.of = of;
    c.what = what;
    c.name = name;
    c.version = version;
    c.if_match = if_match;
    if (!body.is_null())
      c.body = std::make_shared<const json>(body);
    return world.ask<answer>(catalog_, c)->get();
  }

  tenant_catalogue_ptr now() {
    return cell.get()->of(tenant);
  }
};

const json rule_body = {
    {"event", "x.happened"},
    {"notifications", {{{"type", "t"}, {"category", "transactional"}, {"template", "greeting"}}}}};

json text_body(const char* text, const char* locale = "en") {
  return {{"locale", locale}, {"channels", {{"sms", {{"text", text}}}}}};
}

} // namespace

TEST_CASE_METHOD(
    fixture,
    "a rule that was put is seen by the next decision, and can be read, changed and deleted") {
  auto r = run(kind::rule, verb::put, "greet", rule_body);
  CHECK(r.what == answer::kind::created);
  CHECK(r.version == 1);
  CHECK(now()->rules_by_event.at("x.happened").size() == 1);
  CHECK(now()->version == 1);
  auto shown = json::parse(run(kind::rule, verb::get, "greet").body);
  CHECK(shown["name"] == "greet");
  CHECK(run(kind::rule, verb::put, "greet", shown).what == answer::kind::ok);
  CHECK(run(kind::rule, verb::put, "greet", rule_body, 0, 1).what
        == answer::kind::precondition_failed);
  CHECK(run(kind::rule, verb::put, "greet", rule_body, 0, 2).version == 3);
  CHECK(json::parse(run(kind::rule, verb::list, "").body)["items"].size() == 1);
  CHECK(run(kind::rule, verb::erase, "greet").what == answer::kind::no_content);
  CHECK(run(kind::rule, verb::get, "greet").what == answer::kind::not_found);
  CHECK(now()->rules_by_event.empty());
  CHECK(run(kind::rule, verb::put, "greet", rule_body).version == 5);
}

TEST_CASE_METHOD(fixture, "what is wrong is refused and nothing is saved") {
  auto r = run(kind::rule, verb::put, "greet", {{"event", 1}});
  CHECK(r.what == answer::kind::invalid);
  CHECK(r.problems.front().pointer == "/event");
  CHECK(run(kind::rule, verb::put, "a b", rule_body).what == answer::kind::invalid);
  CHECK(run(kind::template_, verb::put, "t", text_body("{{#a}}")).what == answer::kind::invalid);
  CHECK(rows->version == 0);
}

TEST_CASE_METHOD(fixture, "a command whose rows cannot be saved fails and changes nothing") {
  rows->broken = true;
  catalogue_command c;
  c.tenant = tenant;
  c.what = verb::put;
  c.name = "greet";
  c.body = std::make_shared<const json>(rule_body);
  auto r = world.ask<answer>(catalog_, c);
  REQUIRE(r->error);
  CHECK(code_of(*r->error) == errc::store_failed);
  CHECK(now()->rules.empty());
}

TEST_CASE_METHOD(fixture,
                 "a template goes from draft to active to archived, one active at a time") {
  CHECK(run(kind::template_, verb::put, "greeting", text_body("one")).what
        == answer::kind::created);
  CHECK_FALSE(active_template(*now(), "greeting"));
  run(kind::template_, verb::activate, "greeting", nullptr, 1);
  CHECK(active_template(*now(), "greeting")->version == 1);
  CHECK(run(kind::template_, verb::put, "greeting", text_body("uno", "es")).version == 2);
  CHECK(find_template(*now(), "greeting", 2)->compiled->locales.size() == 2);
  run(kind::template_, verb::activate, "greeting", nullptr, 2);
  CHECK(active_template(*now(), "greeting")->version == 2);
  CHECK(find_template(*now(), "greeting", 1)->state == template_state::archived);
  run(kind::template_, verb::activate, "greeting", nullptr, 1); // back again
  CHECK(active_template(*now(), "greeting")->version == 1);
  auto versions = json::parse(run(kind::template_, verb::versions, "greeting").body)["items"];
  CHECK(versions.size() == 2);
  CHECK(versions[1]["state"] == "archived");
  CHECK(run(kind::template_, verb::activate, "greeting", nullptr, 9).what
        == answer::kind::not_found);
  CHECK(run(kind::template_, verb::get, "none").what == answer::kind::not_found);
}

TEST_CASE_METHOD(fixture, "a preview renders the newest version for a locale and data") {
  run(kind::template_, verb::put, "greeting", text_body("Hi {{first_name}} {{data.x}}"));
  auto r = run(kind::template_, verb::preview, "greeting",
               {{"data", {{"x", 1}}}, {"profile", {{"first_name", "Ana"}}}});
  CHECK(json::parse(r.body)["sms"]
        == json{{"text", "Hi Ana 1"}, {"segments", 1}, {"encoding", "GSM-7"}});
}

TEST_CASE_METHOD(fixture,
                 "shared layers of preferences are put, patched and read with their versions") {
  auto r = run(kind::organization_preferences, verb::put, "clinic",
               {{"global_opt_out", true}, {"language", "es"}});
  CHECK(r.version == 1);
  CHECK(now()->organizations.at("clinic")->global_opt_out == true);
  r = run(kind::organization_preferences, verb::patch, "clinic", {{"language", nullptr}}, 0, 1);
  CHECK(json::parse(r.body) == json{{"global_opt_out", true}});
  CHECK(run(kind::organization_preferences, verb::patch, "clinic", json::object(), 0, 1).what
        == answer::kind::precondition_failed);
  CHECK(run(kind::global_preferences, verb::get, "").body == "{}");
  run(kind::global_preferences, verb::put, "", {{"categories", {{"review", false}}}});
  CHECK(now()->global->categories.at(category::review) == false);
  CHECK(run(kind::provider_preferences, verb::put, "dr", {{"languages", "es"}})
            .problems.front()
            .pointer
        == "/languages");
}

TEST_CASE_METHOD(fixture, "a restart finds everything as it was") {
  run(kind::rule, verb::put, "greet", rule_body);
  run(kind::template_, verb::put, "greeting", text_body("one"));
  run(kind::template_, verb::activate, "greeting", nullptr, 1);
  auto before = now();
  catalog_ = start("");
  CHECK(now()->version == before->version);
  CHECK(now()->rules.size() == 1);
  CHECK(active_template(*now(), "greeting")->version == 1);
}

TEST_CASE_METHOD(fixture, "a dry run tells what would be sent, to whom, when and why") {
  run(kind::template_, verb::put, "greeting", text_body("Hi {{first_name}}"));
  run(kind::template_, verb::activate, "greeting", nullptr, 1);
  auto body
      = json{{"event", {{"type", "x.happened"}, {"subject", "p-1"}, {"data", json::object()}}},
             {"rule", rule_body},
             {"profile", {{"first_name", "Ana"}, {"timezone", "UTC"}}},
             {"preferences", {{"quiet_hours", {{"start", "08:00"}, {"end", "10:00"}}}}}};
  auto out = json::parse(run(kind::rule, verb::dry_run, "", body).body);
  REQUIRE(out["notifications"].size() == 1);
  const auto& n = out["notifications"][0];
  CHECK(n["recipient_id"] == "p-1");
  CHECK(n["template_version"] == 1);
  CHECK(n["rendered"]["sms"]["text"] == "Hi Ana");
  CHECK(n["decisions"][0]["verdict"] == "hold");
  CHECK(n["decisions"][0]["until"] == "2026-11-23T10:00:00.000Z");
  CHECK(rows->version == 2); // nothing was written by it
  body["rule"]["event"] = 5;
  CHECK(run(kind::rule, verb::dry_run, "", body).problems.front().pointer == "/rule/event");
}

TEST_CASE_METHOD(fixture, "files are imported when they change and never over what was edited") {
  folder f;
  f.write("rules/greet.json", rule_body.dump());
  f.write("templates/greeting.json", R"({"locales":{"en":{"channels":{"sms":{"text":"one"}}}}})");
  f.write("rules/broken.json", "{");
  catalog_ = start(f.path.string());
  CHECK(now()->rules.size() == 1);
  CHECK(active_template(*now(), "greeting")->version == 1);
  auto version = rows->version;
  catalog_ = start(f.path.string());
  CHECK(rows->version == version);
  f.write("templates/greeting.json", R"({"locales":{"en":{"channels":{"sms":{"text":"two"}}}}})");
  catalog_ = start(f.path.string());
  CHECK(active_template(*now(), "greeting")->version == 2);
  auto edited = rule_body;
  edited["description"] = "by hand";
  run(kind::rule, verb::put, "greet", edited);
  auto changed = rule_body;
  changed["description"] = "by file";
  f.write("rules/greet.json", changed.dump());
  catalog_ = start(f.path.string());
  CHECK(now()->rules.at("greet")->source->at("description") == "by hand");
}
