#include "tests/soak/audit.hpp"

#include "tests/harness/ledger.hpp"
#include "tests/harness/setup.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace carillon::soak {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr std::size_t most_problems = 100;

bool is_quiet(const std::string& who, timestamp at, timestamp began) {
  for (unsigned i = 0; i < size_of(crowd::night); ++i)
    if (who == name_of(crowd::night, i))
      return quiet_hours_of(i, began).holds(at);
  return false;
}

bool is_waiting(std::string_view status) {
  return status == "accepted" || status == "scheduled" || status == "deferred"
         || status == "rate_limited" || status == "queued";
}

bool had_an_effect(std::string_view status) {
  return status == "sent" || status == "delivered" || status == "read" || status == "clicked";
}

} // namespace

audit::audit(scene& about, diary& told, timestamp began)
    : scene_(about), told_(told), began_(began), api_(about.client(30s)) {}

void audit::problem(std::string what) {
  if (out_.problems.size() < most_problems)
    out_.problems.push_back(std::move(what));
}

// What is held may come due at any moment: both histories are of one moment if the journal is the
// same before and after the provider's record.
void audit::read() {
  const auto facts = [this] {
    return harness::read_value(scene_.database->url(),
                               "select greatest((select max(position) from journal_1), "
                               "(select max(position) from ledger))");
  };
  for (int tries = 0; tries < 20; ++tries) {
    const auto before = facts();
    facts_ = harness::read_journal(scene_.database->url());
    messages_ = scene_.simulator.messages();
    if (facts() == before)
      break;
  }
  history_ = read_history(
      {facts_, messages_, scene_.now(),
       [this](const std::string& who, timestamp at) { return is_quiet(who, at, began_); }});
}

bool audit::await_rest(std::chrono::milliseconds bound) {
  const harness::deadline by{bound};
  std::size_t before = 0;
  do {
    read();
    const bool undone
        = std::any_of(history_.accounts.begin(), history_.accounts.end(),
                      [](const auto& each) { return each.second.ended == fate::lost; });
    // Late callbacks and step time-outs still make facts: it rests when none came for a while.
    if (!undone && facts_.size() == before)
      return true;
    before = facts_.size();
    harness::pause(4s);
  } while (!by.passed());
  return false;
}

verdict_of_soak audit::run(const std::vector<std::unique_ptr<live_reader>>& readers) {
  for (const auto& each : told_.complaints())
    problem("a client: " + each);
  check_repeats();
  read();
  check_accounts();
  check_ledger();
  check_cancels();
  check_lists();
  check_explained();
  check_readers(readers);
  for (const auto& each : history_.problems)
    problem(each);
  return std::move(out_);
}

void audit::check_accounts() {
  out_.facts = facts_.size();
  out_.planned = history_.accounts.size();
  for (const auto& [id, one] : history_.accounts) {
    ++out_.fates[static_cast<std::size_t>(one.ended)];
    out_.doubled += one.doubled;
    out_.unmarked += one.unmarked;
    if (one.unmarked > 0)
      problem(fmt::format("{} ({}) is doubled and nothing says so", to_string(id), one.event));
    if (one.ended == fate::lost)
      problem(fmt::format("{} ({}, {}) has neither effect nor end nor reason to wait",
                          to_string(id), one.event, one.recipient));
  }
  out_.lost = out_.fates[static_cast<std::size_t>(fate::lost)];
  for (const auto& id : told_.acknowledged())
    if (!history_.accounts.contains(id)) {
      ++out_.lost;
      problem(to_string(id) + " was acknowledged and is not in the journal");
    }
}

void audit::check_ledger() {
  harness::ledger_input input;
  input.facts = facts_;
  input.messages = messages_;
  input.acknowledged = told_.acknowledged();
  input.limits = {per_minute, 0, 0};
  input.clock_was_real = false;
  const auto report = harness::check_ledger(input);
  out_.calls = report.calls;
  out_.unknown = report.unknown;
  for (const auto& each : report.problems)
    problem("ledger: " + each);
}

// Who was told that it is cancelled must not have been sent it.
void audit::check_cancels() {
  std::map<std::string, bool> taken;
  for (const auto& message : messages_)
    if (message.ref && message.accepted && message.status != "undelivered")
      taken[to_string(message.ref->id)] = true;
  for (const auto& [id, result] : told_.cancels()) {
    const bool sent = taken.contains(id);
    if ((result == "cancelled" && sent) || (result == "already_sent" && !sent))
      problem(fmt::format("{}: the cancel was answered {}, the provider {} it", id, result,
                          sent ? "took" : "has not got"));
  }
}

void audit::check_repeats() {
  for (const auto& each : told_.sample()) {
    const auto reply = harness::post_event(api_, each.event);
    const auto answer = reply.json();
    auto ids = json::array();
    if (reply.status == 202)
      for (const auto& item : answer.at("notifications"))
        ids.push_back(item.at("id"));
    ++out_.repeated_at_the_end;
    if (reply.status != 202 || ids != json(each.ids))
      problem(fmt::format("{} repeated at the end: {} {}, before {}", each.event["id"].dump(),
                          reply.status, ids.dump(), json(each.ids).dump()));
  }
}

// Read models = f(journal): every notification is listed, with a status that fits.
void audit::check_lists() {
  std::set<std::string> listed;
  std::string cursor;
  do {
    const auto page = harness::expect(api_.get("/v1/notifications?limit=200"
                                               + (cursor.empty() ? "" : "&cursor=" + cursor)),
                                      200, "list")
                          .json();
    for (const auto& item : page.at("items")) {
      const auto id = item.at("id").get<std::string>();
      if (!listed.insert(id).second)
        problem(id + " is listed twice");
      check_listed(id, item);
    }
    cursor = page.at("next_cursor").is_string() ? page["next_cursor"].get<std::string>() : "";
  } while (!cursor.empty());
  for (const auto& [id, one] : history_.accounts)
    if (!listed.contains(to_string(id)))
      problem(to_string(id) + " is planned and not listed");
}

void audit::check_listed(const std::string& id, const json& item) {
  const auto found = history_.accounts.find(parse_notification_id(id).value_or(notification_id{}));
  const auto status = item.at("status").get<std::string>();
  if (found == history_.accounts.end())
    return problem(id + " is listed and not planned");
  const auto ended = found->second.ended;
  if ((ended == fate::waiting) != is_waiting(status)
      || (ended > fate::sent && had_an_effect(status)))
    problem(fmt::format("{} is {} by its facts and listed as {}", id, to_string(ended), status));
}

// Each notification without an effect says why, in codes and in words.
void audit::check_explained() {
  for (const auto& [id, one] : history_.accounts) {
    if (one.ended == fate::sent || one.ended == fate::lost)
      continue;
    const auto target = "/v1/notifications/" + to_string(id);
    const auto shown = api_.get(target).json();
    const auto words = api_.get(target + "/explain").json();
    const bool ended = one.ended != fate::waiting && one.ended != fate::expired;
    const bool has_code = shown.contains("reason") && shown["reason"].is_string();
    const bool has_words = words.contains("sentences") && !words["sentences"].empty();
    if (has_words && (has_code || !ended))
      ++out_.explained;
    else
      problem(fmt::format("{} is {} and is not explained: {} {}", to_string(id),
                          to_string(one.ended), shown.dump(), words.dump()));
  }
}

// A live reader saw all of its inbox, once and in order.
void audit::check_readers(const std::vector<std::unique_ptr<live_reader>>& readers) {
  for (const auto& [who, posted] : history_.inboxes)
    out_.inbox_messages += posted.size();
  for (const auto& each : readers) {
    const auto wanted = history_.offsets[each->who()];
    harness::eventually(20s, [&] { return each->offset() >= wanted; });
    each->stop();
    if (each->seen() != history_.inboxes[each->who()])
      problem(fmt::format("reader {} saw {} messages up to offset {}; its inbox has {} up to {}",
                          each->who(), each->seen().size(), each->offset(),
                          history_.inboxes[each->who()].size(), wanted));
  }
}

} // namespace carillon::soak
