#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace carillon::simulator {

namespace {

using nlohmann::json;

reply json_reply(int status, const json& body) {
  reply out;
  out.status = status;
  out.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return out;
}

reply problem(int status, const std::string& detail) {
  return json_reply(status, {{"status", status}, {"detail", detail}});
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{out}
                                                                  : std::nullopt;
}

struct list_query {
  record_filter filter;
  std::size_t limit = 1000;
};

// Nothing if a parameter is unknown or wrong: a typo must not look like an empty record.
std::optional<list_query> read_query(std::string_view query) {
  list_query out;
  for (const auto& [name, value] : parse_form(query)) {
    const auto n = number(value);
    if (name == "to")
      out.filter.to = value;
    else if (name == "accepted" && (value == "true" || value == "false"))
      out.filter.accepted = value == "true";
    else if ((name == "since" || name == "after" || name == "cursor") && n)
      out.filter.since = *n;
    else if (name == "limit" && n && *n > 0)
      out.limit = std::min<std::size_t>(*n, 10'000);
    else
      return std::nullopt;
  }
  return out;
}

reply list_messages(const state& shared, const list_query& q) {
  auto items = shared.log.list(q.filter, q.limit + 1);
  const bool more = items.size() > q.limit;
  if (more)
    items.pop_back();
  reply out;
  out.body = "{\"items\":[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0)
      out.body += ',';
    out.body += to_json(items[i]);
  }
  out.body += "],\"next_cursor\":";
  out.body += more ? "\"" + std::to_string(items.back().number) + "\"" : std::string{"null"};
  out.body += "}";
  return out;
}

reply count_messages(const state& shared, record_filter filter) {
  const auto all = shared.log.count(filter);
  filter.accepted = true;
  const auto accepted = shared.log.count(filter);
  return json_reply(200,
                    {{"count", all}, {"accepted", accepted}, {"dropped", shared.log.dropped()}});
}

reply serve_messages(state& shared, const request& r, bool count) {
  if (r.method == "DELETE" && !count) {
    shared.log.clear();
    return json_reply(200, {{"count", 0}});
  }
  if (r.method != "GET")
    return problem(405, "method not allowed");
  const auto query = read_query(r.query);
  if (!query)
    return problem(400, "parameters are to, since, accepted, limit, cursor");
  return count ? count_messages(shared, query->filter) : list_messages(shared, *query);
}

reply serve_script(state& shared, const request& r) {
  if (r.method == "DELETE") {
    shared.rules.clear();
  } else if (r.method == "POST" || r.method == "PUT") {
    const auto source = json::parse(r.body, nullptr, false);
    if (source.is_discarded())
      return problem(400, "not JSON");
    if (const auto wrong = shared.rules.load(source, find(parse_form(r.query), "append") == "true"))
      return problem(422, *wrong);
  } else if (r.method != "GET") {
    return problem(405, "method not allowed");
  }
  return json_reply(200, shared.rules.show());
}

reply serve_stats(const state& shared) {
  const auto c = shared.callbacks.stats();
  return json_reply(200, {{"requests", shared.requests.load()},
                          {"connections", shared.connections.load()},
                          {"connections_opened", shared.connections_opened.load()},
                          {"messages", shared.log.count({})},
                          {"callbacks",
                           {{"delivered", c.delivered},
                            {"refused", c.refused},
                            {"failed", c.failed},
                            {"dropped", c.dropped},
                            {"waiting", c.waiting}}}});
}

} // namespace

reply serve_control(state& shared, const request& r) {
  if (r.path == "/_sim/messages")
    return serve_messages(shared, r, false);
  if (r.path == "/_sim/messages/count")
    return serve_messages(shared, r, true);
  if (r.path == "/_sim/script")
    return serve_script(shared, r);
  if (r.path == "/_sim/stats" && r.method == "GET")
    return serve_stats(shared);
  if (r.path == "/_sim/reset" && r.method == "POST") {
    shared.log.clear();
    shared.rules.clear();
    return json_reply(200, {{"count", 0}});
  }
  return problem(404, "no such resource; see docs/simulator.md");
}

} // namespace carillon::simulator
