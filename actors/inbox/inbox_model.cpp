#include "actors/inbox/inbox_model.hpp"

#include "actors/inbox/inbox_content.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace carillon {

namespace {

template <class Entries>
auto first_after(const Entries& entries, std::uint64_t offset) {
  return std::upper_bound(entries.begin(), entries.end(), offset,
                          [](std::uint64_t o, const auto& entry) { return o < entry.offset; });
}

} // namespace

inbox_model::inbox_model(sealer& seal, inbox_limits limits)
    : seal_(seal), limits_(limits), words_(1) {
  // nop
}

// -- facts ------------------------------------------------------------------------

void inbox_model::apply(const applied_fact& what, bool durable, timestamp now) {
  if (auto* erased = std::get_if<recipient_erased>(what.body.get()))
    return forget(what.tenant, erased->recipient);
  if (std::holds_alternative<expired>(*what.body)) {
    if (auto* box = find(what.tenant, what.recipient))
      drop_item(*box, what.id);
    return;
  }
  auto offset = offset_of(*what.body);
  if (offset == 0)
    return;
  auto& box = box_of(what.tenant, what.recipient);
  if (!durable)
    return box.pending.push_back(what);
  commit(box, what);
  drop_expired(box, now);
}

std::uint64_t inbox_model::make_durable(const frames_durable& what, timestamp now) {
  auto* box = find(what.tenant, what.recipient);
  if (!box)
    return what.offset;
  auto before = box->durable;
  auto& pending = box->pending;
  auto end = std::find_if(pending.begin(), pending.end(),
                          [&](const applied_fact& f) { return offset_of(*f.body) > what.offset; });
  for (auto i = pending.begin(); i != end; ++i)
    commit(*box, *i);
  pending.erase(pending.begin(), end);
  if (pending.empty())
    pending.shrink_to_fit();
  drop_expired(*box, now);
  return before;
}

void inbox_model::commit(inbox_box& box, const applied_fact& what) {
  auto offset = offset_of(*what.body);
  if (offset <= box.durable)
    return;
  box.durable = offset;
  if (auto* post = std::get_if<in_app_posted>(what.body.get()))
    commit_post(box, what, *post);
  else
    commit_change(box, what, std::get<in_app_changed>(*what.body));
  trim(box);
}

void inbox_model::commit_post(inbox_box& box, const applied_fact& what, const in_app_posted& post) {
  drop_item(box, what.id); // sent again: the newer one counts
  inbox_item item;
  item.id = what.id;
  item.offset = post.offset;
  item.created_at = what.at;
  item.expires_at = post.expires_at;
  item.sealed = what.sealed;
  item.sealed.shrink_to_fit();
  item.type = intern(post.notification_type);
  item.at = post.at;
  if (item.expires_at != no_time)
    box.next_expiry = std::min(box.next_expiry, item.expires_at);
  box.items.push_back(std::move(item));
  ++box.unread;
}

void inbox_model::commit_change(inbox_box& box, const applied_fact& what,
                                const in_app_changed& change) {
  auto state = after(item_state::unread, change.what);
  auto touch = [&](inbox_item& item) {
    auto counted = item.counts_as_unread();
    item.state = state = after(item.state, change.what);
    if (counted && !item.counts_as_unread())
      --box.unread;
  };
  if (change.what == in_app_change::all_read) {
    std::for_each(box.items.begin(), box.items.end(), touch);
    state = item_state::read;
  } else if (auto* item = find_item(box, what.id)) {
    touch(*item);
    if (change.what == in_app_change::acted)
      item->action = intern(change.action);
  }
  auto id = change.what == in_app_change::all_read ? notification_id{} : what.id;
  box.updates.push_back({change.offset, id, box.unread, state});
}

void inbox_model::know(const know_key& what) {
  box_of(what.tenant, what.recipient).wrapped_key = what.wrapped;
}

void inbox_model::forget(const tenant_id& tenant, const recipient_id& recipient) {
  auto* box = find(tenant, recipient);
  if (!box)
    return;
  inbox_box empty;
  empty.durable = box->pending.empty() ? box->durable : offset_of(*box->pending.back().body);
  empty.floor = empty.durable;
  empty.watched = box->watched;
  *box = std::move(empty);
}

// -- what is kept -----------------------------------------------------------------

void inbox_model::drop_item(inbox_box& box, const notification_id& id) {
  auto* item = find_item(box, id);
  if (!item)
    return;
  if (item->counts_as_unread())
    --box.unread;
  box.items.erase(box.items.begin() + (item - box.items.data()));
}

void inbox_model::drop_expired(inbox_box& box, timestamp now) {
  if (box.next_expiry > now)
    return;
  box.next_expiry = far_future;
  std::erase_if(box.items, [&](const inbox_item& item) {
    if (item.expires_at == no_time)
      return false;
    if (item.expires_at > now) {
      box.next_expiry = std::min(box.next_expiry, item.expires_at);
      return false;
    }
    box.unread -= item.counts_as_unread() ? 1 : 0;
    return true;
  });
}

void inbox_model::trim(inbox_box& box) {
  auto cut = [&](auto& entries, std::size_t limit) {
    if (entries.size() <= limit)
      return;
    // An eighth more than needed, so that a full inbox does not move all its entries at each fact.
    auto end = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() - limit + limit / 8);
    box.floor = std::max(box.floor, std::prev(end)->offset);
    entries.erase(entries.begin(), end);
  };
  cut(box.updates, limits_.updates);
  if (box.items.size() > limits_.items) {
    cut(box.items, limits_.items);
    box.unread = static_cast<std::uint32_t>(
        std::count_if(box.items.begin(), box.items.end(),
                      [](const inbox_item& item) { return item.counts_as_unread(); }));
  }
}

std::uint32_t inbox_model::intern(const std::string& word) {
  if (word.empty())
    return 0;
  auto [i, is_new] = numbers_.try_emplace(word, static_cast<std::uint32_t>(words_.size()));
  if (is_new)
    words_.push_back(word);
  return i->second;
}

// -- readers ----------------------------------------------------------------------

void inbox_model::watch(const watch_inbox& what) {
  if (what.watching) {
    box_of(what.tenant, what.recipient).watched = true;
    return;
  }
  auto* box = find(what.tenant, what.recipient);
  if (!box)
    return;
  box->watched = false;
  if (box->durable == 0 && box->pending.empty() && box->wrapped_key.empty())
    boxes_.erase(what.tenant, what.recipient);
}

bool inbox_model::is_watched(const tenant_id& tenant, const recipient_id& recipient) const {
  auto* box = boxes_.find(tenant, recipient);
  return box && (*box)->watched;
}

inbox_resumed inbox_model::resume(const resume_inbox& what, timestamp now) {
  inbox_resumed result;
  auto* box = find(what.tenant, what.recipient);
  if (!box) {
    result.recovered = what.fresh || what.offset == 0;
    return result;
  }
  drop_expired(*box, now);
  result.offset = box->durable;
  result.unread = box->unread;
  if (what.fresh)
    return result;
  result.recovered = what.offset <= box->durable && what.offset >= box->floor;
  result.frames = result.recovered ? frames_after(what.tenant, what.recipient, what.offset)
                                   : unread_frames({what.tenant, what.recipient}, *box);
  return result;
}

std::vector<live_frame_ptr> inbox_model::frames_after(const tenant_id& tenant,
                                                      const recipient_id& recipient,
                                                      std::uint64_t offset) {
  std::vector<live_frame_ptr> result;
  auto* box = find(tenant, recipient);
  if (!box)
    return result;
  owner whose{tenant, recipient};
  auto item = first_after(box->items, offset);
  auto update = first_after(box->updates, offset);
  constexpr auto none = std::numeric_limits<std::uint64_t>::max();
  while (item != box->items.end() || update != box->updates.end()) {
    auto posted = item != box->items.end() ? item->offset : none;
    auto changed = update != box->updates.end() ? update->offset : none;
    if (changed < posted) {
      result.push_back(std::make_shared<live_frame>(
          live_frame{tenant, recipient, changed, word_update(*update++)}));
    } else if (auto frame = frame_of(whose, *box, *item++)) {
      result.push_back(std::move(frame));
    }
  }
  return result;
}

std::vector<live_frame_ptr> inbox_model::unread_frames(const owner& whose, const inbox_box& box) {
  std::vector<live_frame_ptr> result;
  for (const auto& item : box.items)
    if (item.counts_as_unread())
      if (auto frame = frame_of(whose, box, item))
        result.push_back(std::move(frame));
  return result;
}

live_frame_ptr inbox_model::frame_of(const owner& whose, const inbox_box& box,
                                     const inbox_item& item) {
  auto content = read_content(seal_, box.wrapped_key, item);
  if (!content)
    return nullptr;
  return std::make_shared<live_frame>(
      live_frame{whose.first, whose.second, item.offset,
                 word_notification(item, words_[item.type], *content)});
}

// -- boxes ------------------------------------------------------------------------

inbox_box& inbox_model::box_of(const tenant_id& tenant, const recipient_id& recipient) {
  auto& box = boxes_.get(tenant, recipient);
  if (!box)
    box = std::make_unique<inbox_box>();
  return *box;
}

inbox_box* inbox_model::find(const tenant_id& tenant, const recipient_id& recipient) {
  auto* box = boxes_.find(tenant, recipient);
  return box ? box->get() : nullptr;
}

} // namespace carillon
