#include "adapters/cli/commands.hpp"
#include "adapters/cli/print.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::cli {
namespace {

using make_path = std::function<std::string(const std::string&)>;

CLI::App* group_of(CLI::App& app, const char* name, const char* description) {
  auto* group = app.add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

/// `<group> <name> NAME`: one request without a body.
void add_plain(CLI::App& group, action& chosen, const char* name, const char* description,
               const char* method, make_path path, session::printer print) {
  auto* command = group.add_subcommand(name, description);
  auto what = std::make_shared<std::string>();
  command->add_option("NAME", *what, "name or id")->required();
  command->callback([&chosen, what, method, path = std::move(path), print = std::move(print)] {
    chosen = [what, method, path, print](const session& here) {
      return here.ask({method, path(*what), "", ""}, print);
    };
  });
}

/// `<group> <name> NAME FILE`: PUT of the file.
void add_put(CLI::App& group, action& chosen, const char* name, const char* description,
             make_path path) {
  auto* command = group.add_subcommand(name, description);
  auto what = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  command->add_option("NAME", *what, "name or id")->required();
  command->add_option("FILE", *file, "JSON; - is standard input")->required();
  command->callback([&chosen, what, file, path = std::move(path)] {
    chosen = [what, file, path](const session& here) {
      return send_file(here, "PUT", path(*what), *file, print_json);
    };
  });
}

void add_list(CLI::App& group, action& chosen, const char* path) {
  struct page {
    std::string limit, cursor;
  };
  auto* command = group.add_subcommand("list", "all, by name");
  auto given = std::make_shared<page>();
  command->add_option("--limit", given->limit, "at most so many (200)");
  command->add_option("--cursor", given->cursor, "go on after an earlier list");
  command->callback([&chosen, given, path] {
    chosen = [given, path](const session& here) {
      auto parameters = query({{"limit", given->limit}, {"cursor", given->cursor}});
      return here.ask({"GET", path + parameters, "", ""}, print_names);
    };
  });
}

make_path under(const char* base, const char* rest = "") {
  return [base, rest](const std::string& name) { return base + escape(name) + rest; };
}

void add_dry_run(CLI::App& group, action& chosen) {
  struct options {
    std::string event, rule, at;
  };
  auto given = std::make_shared<options>();
  auto* command = group.add_subcommand("dry-run", "what an event would lead to; sends nothing");
  command->add_option("EVENT", given->event, "file with a CloudEvent")->required();
  command->add_option("--rule", given->rule, "file with a rule to try instead of the stored ones");
  command->add_option("--at", given->at, "as if it were this time (RFC 3339)");
  command->callback([&chosen, given] {
    chosen = [given](const session& here) {
      nlohmann::json body = nlohmann::json::object();
      std::string failure;
      if (!read_json(given->event, body["event"], failure))
        return here.fail(refused, failure);
      if (!given->rule.empty() && !read_json(given->rule, body["rule"], failure))
        return here.fail(refused, failure);
      if (!given->at.empty())
        body["at"] = given->at;
      return here.ask({"POST", "/v1/rules/dry-run", body.dump()}, print_dry_run);
    };
  });
}

void add_version_change(CLI::App& group, action& chosen, const char* name,
                        const char* description) {
  auto* command = group.add_subcommand(name, description);
  auto what = std::make_shared<std::string>();
  auto version = std::make_shared<unsigned>(0);
  command->add_option("NAME", *what, "name of the template")->required();
  command->add_option("VERSION", *version, "from 1")->required();
  command->callback([&chosen, what, version, name] {
    chosen = [what, version, name](const session& here) {
      auto path
          = "/v1/templates/" + escape(*what) + "/versions/" + std::to_string(*version) + "/" + name;
      return here.ask({"POST", path, "", ""}, print_json);
    };
  });
}

void add_preview(CLI::App& group, action& chosen) {
  struct options {
    std::string name, locale = "en", recipient, data;
  };
  auto given = std::make_shared<options>();
  auto* command = group.add_subcommand("preview", "the texts as they would be sent");
  command->add_option("NAME", given->name, "name of the template")->required();
  command->add_option("--locale", given->locale, "such as en or es-MX");
  command->add_option("--recipient", given->recipient, "take this recipient's profile");
  command->add_option("--data", given->data, "file with the event's data");
  command->callback([&chosen, given] {
    chosen = [given](const session& here) {
      nlohmann::json body{{"locale", given->locale}, {"data", nlohmann::json::object()}};
      std::string failure;
      if (!given->data.empty() && !read_json(given->data, body["data"], failure))
        return here.fail(refused, failure);
      if (!given->recipient.empty())
        body["recipient_id"] = given->recipient;
      return here.ask({"POST", "/v1/templates/" + escape(given->name) + "/preview", body.dump()},
                      print_json);
    };
  });
}

void add_token(CLI::App& group, action& chosen) {
  add_plain(group, chosen, "token", "a token for the recipient's own stream and inbox", "POST",
            under("/v1/recipients/", "/tokens"),
            [](std::ostream& out, const nlohmann::json& answer) { print_json(out, answer); });
}

} // namespace

void add_rule_commands(CLI::App& app, action& chosen) {
  auto* group = group_of(app, "rule", "which event becomes which notification");
  add_put(*group, chosen, "put", "make or replace", under("/v1/rules/"));
  add_plain(*group, chosen, "get", "one rule", "GET", under("/v1/rules/"), print_json);
  add_plain(*group, chosen, "delete", "take away", "DELETE", under("/v1/rules/"), print_json);
  add_list(*group, chosen, "/v1/rules");
  add_dry_run(*group, chosen);
}

void add_template_commands(CLI::App& app, action& chosen) {
  auto* group = group_of(app, "template", "the texts");
  add_put(*group, chosen, "put", "a new draft version", under("/v1/templates/"));
  add_plain(*group, chosen, "versions", "all versions", "GET", under("/v1/templates/", "/versions"),
            print_names);
  add_version_change(*group, chosen, "activate", "use this version from now on");
  add_version_change(*group, chosen, "archive", "do not use this version any more");
  add_preview(*group, chosen);
}

void add_recipient_commands(CLI::App& app, action& chosen) {
  auto* group = group_of(app, "recipient", "people");
  add_put(*group, chosen, "put", "make or replace", under("/v1/recipients/"));
  add_plain(*group, chosen, "get", "one recipient", "GET", under("/v1/recipients/"), print_json);
  add_plain(*group, chosen, "delete", "forget for good", "DELETE", under("/v1/recipients/"),
            print_json);
  add_plain(*group, chosen, "preferences", "as they are in force, with the layer of each", "GET",
            under("/v1/recipients/", "/preferences?resolved=true"), print_json);
  add_put(*group, chosen, "set-preferences", "replace the recipient's own",
          under("/v1/recipients/", "/preferences"));
  add_token(*group, chosen);
}

void add_health_command(CLI::App& app, action& chosen) {
  app.add_subcommand("health", "whether the daemon serves, and how its parts fare")
      ->callback([&chosen] {
        chosen = [](const session& here) {
          return here.ask({"GET", "/readyz?verbose", "", ""}, print_json);
        };
      });
}

} // namespace carillon::cli
