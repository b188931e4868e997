#include "adapters/cli/commands.hpp"
#include "adapters/cli/print.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::cli {
namespace {

int send_event(const session& here, const std::string& file) {
  nlohmann::json body;
  std::string failure;
  if (!read_json(file, body, failure))
    return here.fail(refused, failure);
  api_request request{"POST", "/v1/events", body.dump(), "application/cloudevents+json"};
  if (body.is_array())
    request.content_type = "application/cloudevents-batch+json";
  return here.ask(request, print_event);
}

/// A subcommand with one positional ID; `make` gives the request for it.
void add_by_id(CLI::App& group, action& chosen, const char* name, const char* description,
               std::function<api_request(const std::string&)> make, session::printer print) {
  auto* command = group.add_subcommand(name, description);
  auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "id of the notification")->required();
  command->callback([&chosen, id, make = std::move(make), print = std::move(print)] {
    chosen = [id, make, print](const session& here) { return here.ask(make(*id), print); };
  });
}

std::string notification_path(const std::string& id, const char* rest = "") {
  return "/v1/notifications/" + escape(id) + rest;
}

void add_show(CLI::App& group, action& chosen) {
  struct options {
    std::string id;
    bool explain = false;
    bool timeline = false;
  };
  auto given = std::make_shared<options>();
  auto* command = group.add_subcommand("show", "one notification: status, steps, attempts");
  command->add_option("ID", given->id, "id of the notification")->required();
  auto* explain = command->add_flag("--explain", given->explain, "why it went as it went");
  command->add_flag("--timeline", given->timeline, "every journaled fact")->excludes(explain);
  command->callback([&chosen, given] {
    chosen = [given](const session& here) {
      if (given->explain)
        return here.ask({"GET", notification_path(given->id, "/explain"), "", ""},
                        print_explanation);
      if (given->timeline)
        return here.ask({"GET", notification_path(given->id, "/timeline"), "", ""}, print_timeline);
      return here.ask({"GET", notification_path(given->id), "", ""}, print_notification);
    };
  });
}

struct filter {
  std::string recipient, status, type, channel, since, until, limit, cursor;
};

std::shared_ptr<filter> add_filter(CLI::App& command) {
  auto given = std::make_shared<filter>();
  command.add_option("--recipient", given->recipient, "only this recipient's");
  command.add_option("--status", given->status, "only with this status");
  command.add_option("--type", given->type, "only of this type");
  command.add_option("--channel", given->channel, "only by this channel");
  command.add_option("--since", given->since, "made at or after this time (RFC 3339)");
  command.add_option("--until", given->until, "made before this time (RFC 3339)");
  return given;
}

void add_list(CLI::App& group, action& chosen, const char* description, const char* path) {
  auto* command = group.add_subcommand("list", description);
  auto given = add_filter(*command);
  command->add_option("--limit", given->limit, "at most so many (200)");
  command->add_option("--cursor", given->cursor, "go on after an earlier list");
  command->callback([&chosen, given, path] {
    chosen = [given, path](const session& here) {
      auto parameters = query({{"recipient_id", given->recipient},
                               {"status", given->status},
                               {"type", given->type},
                               {"channel", given->channel},
                               {"since", given->since},
                               {"until", given->until},
                               {"limit", given->limit},
                               {"cursor", given->cursor}});
      return here.ask({"GET", path + parameters, "", ""}, print_notifications);
    };
  });
}

nlohmann::json body_of(const filter& given) {
  nlohmann::json body = nlohmann::json::object();
  auto put = [&](const char* name, const std::string& value) {
    if (!value.empty())
      body[name] = value;
  };
  put("recipient_id", given.recipient);
  put("type", given.type);
  put("channel", given.channel);
  put("since", given.since);
  put("until", given.until);
  return body;
}

void add_replay(CLI::App& group, action& chosen) {
  auto* command
      = group.add_subcommand("replay", "send again: one by ID, or all that the filter names");
  auto id = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  command->add_option("ID", *id, "id of the notification");
  command->add_flag("--all", *all, "every dead letter that the filter leaves");
  auto given = add_filter(*command);
  command->callback([&chosen, id, all, given] {
    chosen = [id, all, given](const session& here) {
      if (id->empty() != *all)
        return here.fail(usage, "dead-letter replay takes an ID or --all");
      if (!id->empty())
        return here.ask({"POST", "/v1/dead-letters/" + escape(*id) + "/replay", "", ""},
                        print_result);
      return here.ask({"POST", "/v1/dead-letters/replay", body_of(*given).dump()}, print_result);
    };
  });
}

void add_discard(CLI::App& group, action& chosen) {
  auto* command = group.add_subcommand("discard", "give up for good");
  auto id = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  command->add_option("ID", *id, "id of the notification")->required();
  command->add_option("--reason", *reason, "why, for the record");
  command->callback([&chosen, id, reason] {
    chosen = [id, reason](const session& here) {
      auto body = reason->empty() ? std::string{} : nlohmann::json{{"reason", *reason}}.dump();
      return here.ask({"POST", "/v1/dead-letters/" + escape(*id) + "/discard", body}, print_result);
    };
  });
}

CLI::App* group_of(CLI::App& app, const char* name, const char* description) {
  auto* group = app.add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

} // namespace

int send_file(const session& here, const std::string& method, const std::string& path,
              const std::string& file, const session::printer& print) {
  nlohmann::json body;
  std::string failure;
  if (!read_json(file, body, failure))
    return here.fail(refused, failure);
  return here.ask({method, path, body.dump()}, print);
}

void add_event_commands(CLI::App& app, action& chosen) {
  auto* group = group_of(app, "event", "events");
  auto* command = group->add_subcommand("send", "one CloudEvent, or a list of them, from a file");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "JSON; - is standard input")->required();
  command->callback([&chosen, file] {
    chosen = [file](const session& here) { return send_event(here, *file); };
  });
}

void add_notification_commands(CLI::App& app, action& chosen) {
  auto* group = group_of(app, "notification", "notifications");
  add_show(*group, chosen);
  add_list(*group, chosen, "newest first", "/v1/notifications");
  add_by_id(
      *group, chosen, "cancel", "says cancelled, already_sent or outcome_unknown",
      [](const std::string& id) {
        return api_request{"POST", notification_path(id, "/cancel"), "", ""};
      },
      print_result);
  add_by_id(
      *group, chosen, "resend", "a new try from the first step",
      [](const std::string& id) {
        return api_request{"POST", notification_path(id, "/resend"), "", ""};
      },
      print_notification);
  auto* send = group->add_subcommand("send", "one notification without a rule, from a file");
  auto file = std::make_shared<std::string>();
  send->add_option("FILE", *file, "JSON; - is standard input")->required();
  send->callback([&chosen, file] {
    chosen = [file](const session& here) {
      return send_file(here, "POST", "/v1/notifications", *file, print_notification);
    };
  });
}

void add_dead_letter_commands(CLI::App& app, action& chosen) {
  auto* group = group_of(app, "dead-letter", "notifications that ended without success");
  add_list(*group, chosen, "newest first", "/v1/dead-letters");
  add_replay(*group, chosen);
  add_discard(*group, chosen);
}

} // namespace carillon::cli
