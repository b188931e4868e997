// What an inbox is written down as, how it is read again, and who leaves memory.

#include "actors/inbox/inbox_model.hpp"
#include "actors/support/bytes.hpp"
#include "actors/support/log_name.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace carillon {

namespace {

constexpr std::uint64_t form = 1; // of what is written; every form ever written is read

void write_time(byte_writer& out, timestamp at) {
  out.number(static_cast<std::uint64_t>(at.time_since_epoch().count()));
}

timestamp read_time(byte_reader& in) {
  return timestamp{duration{static_cast<std::int64_t>(in.number())}};
}

/// False if it is none of the enum's values.
template <named_enum E>
bool read_choice(byte_reader& in, E& to) {
  auto n = in.number();
  to = static_cast<E>(n);
  return n < enum_count<E>;
}

void write_update(byte_writer& out, const inbox_update& x) {
  out.number(x.offset);
  out.bytes(x.id.bytes);
  out.number(x.unread);
  out.number(static_cast<std::uint64_t>(x.state));
}

bool read_updates(byte_reader& in, inbox_box& to) {
  std::uint64_t last = 0;
  for (auto left = in.number(); left > 0 && !in.failed(); --left) {
    inbox_update x;
    x.offset = in.number();
    x.id.bytes = in.bytes<16>();
    x.unread = static_cast<std::uint32_t>(in.number());
    if (!read_choice(in, x.state) || in.failed() || x.offset <= last || x.offset > to.durable)
      return false;
    last = x.offset;
    to.updates.push_back(x);
  }
  return !in.failed();
}

} // namespace

// -- writing ----------------------------------------------------------------------

std::string inbox_model::save(const person& who) {
  auto* box = find(who.tenant, who.recipient);
  if (!box)
    return {};
  if (box->pending.empty())
    return box->durable == 0 ? std::string{} : write(*box);
  auto as_it_will_be = *box;
  for (const auto& f : box->pending)
    commit(as_it_will_be, f);
  return write(as_it_will_be);
}

std::string inbox_model::write(const inbox_box& box) const {
  byte_writer out;
  for (auto number : {form, box.durable, box.floor, std::uint64_t{box.items.size()}})
    out.number(number);
  for (const auto& x : box.items)
    write_item(out, x);
  out.number(box.updates.size());
  for (const auto& x : box.updates)
    write_update(out, x);
  return out.take();
}

void inbox_model::write_item(byte_writer& out, const inbox_item& x) const {
  out.bytes(x.id.bytes);
  out.number(x.offset);
  write_time(out, x.created_at);
  write_time(out, x.expires_at);
  out.text(words_[x.type]);
  out.text(words_[x.action]);
  out.number(static_cast<std::uint64_t>(x.at));
  out.number(static_cast<std::uint64_t>(x.state));
  out.text(x.sealed);
}

// -- reading ----------------------------------------------------------------------

void inbox_model::restore(const person& who, std::string_view saved, timestamp now) {
  if (saved.empty())
    return;
  inbox_box read;
  if (!read_box(saved, read))
    spdlog::error("the saved inbox of recipient {} is damaged; it is empty up to offset {}",
                  log_name(who.tenant, who.recipient), read.durable);
  if (read.durable == 0)
    return;
  auto& box = box_of(who.tenant, who.recipient);
  if (box.durable >= read.durable)
    return;
  std::copy_if(box.pending.begin(), box.pending.end(), std::back_inserter(read.pending),
               [&](const applied_fact& f) { return offset_of(*f.body) > read.durable; });
  read.wrapped_key = std::move(box.wrapped_key);
  read.watched = box.watched;
  box = std::move(read);
  trim(box);
  drop_expired(box, now);
}

/// False if the bytes are not a box; then it has no more than its offset.
bool inbox_model::read_box(std::string_view saved, inbox_box& to) {
  byte_reader in{saved};
  if (in.number() != form)
    return false;
  to.durable = in.number();
  to.floor = in.number();
  if (to.floor <= to.durable && read_items(in, to) && read_updates(in, to) && in.at_end())
    return true;
  inbox_box nothing;
  nothing.durable = nothing.floor = to.durable;
  to = std::move(nothing);
  return false;
}

bool inbox_model::read_items(byte_reader& in, inbox_box& to) {
  std::uint64_t last = 0;
  for (auto left = in.number(); left > 0 && !in.failed(); --left) {
    inbox_item x;
    x.id.bytes = in.bytes<16>();
    x.offset = in.number();
    x.created_at = read_time(in);
    x.expires_at = read_time(in);
    x.type = intern(std::string{in.text()});
    x.action = intern(std::string{in.text()});
    if (!read_choice(in, x.at) || !read_choice(in, x.state))
      return false;
    x.sealed = in.text();
    if (in.failed() || x.offset <= last || x.offset > to.durable)
      return false;
    last = x.offset;
    if (x.expires_at != no_time)
      to.next_expiry = std::min(to.next_expiry, x.expires_at);
    to.unread += x.counts_as_unread() ? 1 : 0;
    to.items.push_back(std::move(x));
  }
  return !in.failed();
}

// -- leaving ----------------------------------------------------------------------

void inbox_model::evict(const person& who) {
  auto* box = find(who.tenant, who.recipient);
  if (box && !box->watched && box->pending.empty())
    boxes_.erase(who.tenant, who.recipient);
}

} // namespace carillon
