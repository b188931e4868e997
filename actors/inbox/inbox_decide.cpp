// What an inbox says to its reader's commands.

#include "actors/inbox/inbox_content.hpp"
#include "actors/inbox/inbox_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon {

namespace {

answer refuse(answer::kind why, std::string detail) {
  answer result;
  result.what = why;
  result.detail = std::move(detail);
  return result;
}

answer state_answer(const notification_id& id, item_state state) {
  answer result;
  result.body
      = R"({"id":")" + to_string(id) + R"(","state":")" + std::string{to_string(state)} + R"("})";
  return result;
}

/// An item with what was decided and is not durable yet.
struct foreseen {
  item_state state = item_state::unread;
  std::string action;
};

void foresee(foreseen& item, const applied_fact& what, const notification_id& id) {
  auto* change = std::get_if<in_app_changed>(what.body.get());
  if (!change || (what.id != id && change->what != in_app_change::all_read))
    return;
  item.state = after(item.state, change->what);
  if (change->what == in_app_change::acted)
    item.action = change->action;
}

bool listed(const inbox_item& item, std::string_view state) {
  if (state == "unread")
    return item.counts_as_unread();
  if (state == "read")
    return item.state == item_state::read || item.state == item_state::acted;
  if (state == "archived")
    return item.state == item_state::archived;
  return item.state != item_state::archived;
}

} // namespace

inbox_proposal inbox_model::decide(const inbox_command& what, timestamp now) {
  inbox_box nothing;
  auto* box = find(what.tenant, what.recipient);
  if (box)
    drop_expired(*box, now);
  else
    box = &nothing;
  switch (what.what) {
  case inbox_command::verb::list:
    return {list(*box, what), {}};
  case inbox_command::verb::ack:
    return decide_change(*box, what, in_app_change::acked);
  case inbox_command::verb::read:
    return decide_change(*box, what, in_app_change::read);
  case inbox_command::verb::archive:
    return decide_change(*box, what, in_app_change::archived);
  case inbox_command::verb::act:
    return decide_change(*box, what, in_app_change::acted);
  case inbox_command::verb::read_all:
    return decide_read_all(*box, what);
  }
  return {};
}

inbox_proposal inbox_model::decide_change(inbox_box& box, const inbox_command& what,
                                          in_app_change change) {
  const auto* item = find_item(box, what.id);
  if (!item)
    return {refuse(answer::kind::not_found, "No such message in this inbox."), {}};
  foreseen now{item->state, words_[item->action]};
  for (const auto& f : box.pending)
    foresee(now, f, what.id);
  bool repeated = after(now.state, change) == now.state;
  if (change == in_app_change::acted) {
    auto content = read_content(seal_, box.wrapped_key, *item);
    if (!content || !offers_action(*content, what.action))
      return {refuse(answer::kind::not_found, "The message offers no such action."), {}};
    if (!now.action.empty() && now.action != what.action)
      return {refuse(answer::kind::conflict, "Another action was taken: " + now.action + '.'), {}};
    repeated = !now.action.empty();
  }
  inbox_proposal result{state_answer(what.id, after(now.state, change)), {}};
  if (!repeated)
    result.changes.emplace_back(what.id, in_app_changed{what.recipient, 0, change, what.action});
  return result;
}

inbox_proposal inbox_model::decide_read_all(inbox_box& box, const inbox_command& what) {
  inbox_proposal result;
  result.reply.body = R"({"unread":0})";
  auto any = std::any_of(box.items.begin(), box.items.end(), [&](const inbox_item& item) {
    foreseen now{item.state, {}};
    for (const auto& f : box.pending)
      foresee(now, f, item.id);
    return now.state < item_state::read;
  });
  bool coming = false; // posted, not durable yet, and not read with the rest
  for (const auto& f : box.pending) {
    auto* change = std::get_if<in_app_changed>(f.body.get());
    if (!change || change->what == in_app_change::all_read)
      coming = !change;
  }
  if (any || coming)
    result.changes.emplace_back(notification_id{},
                                in_app_changed{what.recipient, 0, in_app_change::all_read, {}});
  return result;
}

answer inbox_model::list(inbox_box& box, const inbox_command& what) {
  if (!what.state.empty() && what.state != "unread" && what.state != "read"
      && what.state != "archived") {
    auto refusal = refuse(answer::kind::invalid, "Unknown state.");
    refusal.problems.push_back({"state", "must be unread, read or archived"});
    return refusal;
  }
  auto query = fold_case(what.query);
  answer result;
  result.body = R"({"items":[)";
  std::uint64_t last = 0;
  std::uint32_t count = 0;
  bool more = false;
  for (auto i = box.items.rbegin(); i != box.items.rend() && !more; ++i) {
    if ((what.before_offset != 0 && i->offset >= what.before_offset) || !listed(*i, what.state))
      continue;
    auto content = read_content(seal_, box.wrapped_key, *i);
    if (!content || !matches_query(*content, query))
      continue;
    more = count == what.limit;
    if (more)
      break;
    result.body += count++ == 0 ? "" : ",";
    result.body += word_item(*i, words_[i->type], words_[i->action], *content);
    last = i->offset;
  }
  result.body += R"(],"next_cursor":)" + (more ? '"' + std::to_string(last) + '"' : "null");
  result.body += R"(,"unread":)" + std::to_string(box.unread) + '}';
  return result;
}

} // namespace carillon
