// /v1/dead-letters: look at what could not be delivered, send it again or put it aside.

#include "adapters/http/routes/support.hpp"
#include "adapters/http/server/body_reader.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <mutex>

namespace carillon::http {

namespace {

using nlohmann::json;

constexpr std::size_t most_replayed = 10'000;

void list(const api_context& api, const request& what, const responder& to) {
  list_query query{what};
  list_dead_letters command;
  command.tenant = tenant_of(what);
  command.type = query.text("type");
  command.channel = query.name_of<channel>("channel");
  command.reason = query.name_of<reason>("reason");
  command.since = query.time("since");
  command.until = query.time("until");
  command.limit = query.limit();
  command.cursor = query.text("cursor");
  if (query.sound(to))
    api.with.bridge->ask(api.with.store, std::move(command), answer_with(to));
}

void replay_one(const api_context& api, const request& what, const responder& to) {
  const auto id = notification_in_path(what, to);
  if (!id || !read_object(what, to, true))
    return;
  notification_command command{tenant_of(what), *id, notification_command::verb::replay, {}};
  api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
}

void discard(const api_context& api, const request& what, const responder& to) {
  const auto id = notification_in_path(what, to);
  if (!id)
    return;
  const auto body = read_object(what, to, true);
  if (!body)
    return;
  std::vector<field_error> errors;
  body_reader read{*body, errors};
  const auto note = read.any_text("reason", presence::optional, 1024);
  read.done();
  if (!errors.empty())
    return to(invalid(std::move(errors)));
  notification_command command{tenant_of(what), *id, notification_command::verb::discard,
                               note.value_or("")};
  api.with.bridge->ask(api.with.intake, std::move(command), answer_with(to));
}

/// A replay of all dead letters that fit a filter: page after page of the list, each item by its
/// owner, who refuses what is no longer relevant. Lives as long as its answers are out.
class filtered_replay : public std::enable_shared_from_this<filtered_replay> {
public:
  filtered_replay(api_context_ptr api, list_dead_letters filter, responder to)
      : api_(std::move(api)), with_(api_->with), filter_(std::move(filter)), to_(std::move(to)) {
    filter_.limit = 200;
  }

  void next_page() {
    with_.bridge->ask(with_.store, filter_, [self = shared_from_this()](caf::expected<answer> got) {
      if (!got)
        return self->finish(to_problem(got.error()));
      if (got->what != answer::kind::ok)
        return self->finish(to_response(std::move(*got)));
      self->take_page(got->body);
    });
  }

private:
  void take_page(const std::string& text) {
    const auto page = json::parse(text, nullptr, false);
    std::vector<notification_id> ids;
    if (page.is_object() && page.contains("items"))
      for (const auto& item : page["items"])
        if (const auto id = parse_notification_id(item.value("id", "")))
          ids.push_back(*id);
    const auto cursor = page.is_object() ? page.find("next_cursor") : page.end();
    filter_.cursor = cursor != page.end() && cursor->is_string() ? cursor->get<std::string>() : "";
    if (ids.empty())
      return finish();
    waiting_ = ids.size();
    for (const auto& id : ids)
      with_.bridge->ask(
          with_.intake,
          notification_command{filter_.tenant, id, notification_command::verb::replay, {}},
          [self = shared_from_this(), id](const caf::expected<answer>& got) {
            self->answered(id, got);
          });
  }

  void answered(const notification_id& id, const caf::expected<answer>& got) {
    {
      const std::lock_guard guard{mutex_};
      const auto done = got && got->what < answer::kind::invalid;
      replayed_ += done ? 1 : 0;
      if (!done)
        refused_.push_back(
            {{"id", to_string(id)},
             {"detail", got ? got->detail : std::string{"it could not be reached; try again"}}});
      if (--waiting_ > 0)
        return;
    }
    if (filter_.cursor.empty() || replayed_ >= most_replayed)
      finish();
    else
      next_page();
  }

  void finish() {
    json body = {{"replayed", replayed_}, {"refused", refused_}};
    body["next_cursor"] = filter_.cursor.empty() ? json(nullptr) : json(filter_.cursor);
    finish(json_response(200, body));
  }

  void finish(response&& what) {
    to_(std::move(what));
  }

  api_context_ptr api_;
  const api_dependencies& with_;
  list_dead_letters filter_;
  responder to_;
  std::mutex mutex_;
  std::size_t waiting_ = 0;
  std::size_t replayed_ = 0;
  json refused_ = json::array();
};

void replay_many(const api_context& api, const request& what, const responder& to) {
  const auto body = read_object(what, to, true);
  if (!body)
    return;
  std::vector<field_error> errors;
  body_reader read{*body, errors};
  list_dead_letters filter;
  filter.tenant = tenant_of(what);
  filter.type = read.text("type").value_or("");
  filter.channel = read.choice("channel", enum_names<channel>::values).value_or("");
  filter.reason = read.choice("reason", enum_names<reason>::values).value_or("");
  filter.since = read.time("since").value_or(no_time);
  filter.until = read.time("until").value_or(no_time);
  filter.cursor = read.any_text("cursor").value_or("");
  read.done();
  if (!errors.empty())
    return to(invalid(std::move(errors)));
  std::make_shared<filtered_replay>(api.shared_from_this(), std::move(filter), to)->next_page();
}

} // namespace

void add_dead_letter_routes(route_table& table) {
  table.add(verb::get, "/v1/dead-letters", access::key, list);
  table.add(verb::post, "/v1/dead-letters/replay", access::key, replay_many);
  table.add(verb::post, "/v1/dead-letters/{id}/replay", access::key, replay_one);
  table.add(verb::post, "/v1/dead-letters/{id}/discard", access::key, discard);
}

} // namespace carillon::http
