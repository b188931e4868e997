// What a recipient's attempts are written down as, and read from again.

#include "actors/rate_limiter/rate_limiter_model.hpp"
#include "actors/rate_limiter/window_check.hpp"
#include "actors/support/bytes.hpp"
#include "actors/support/log_name.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace carillon {

namespace {

constexpr std::uint64_t form = 1; // of what is written; every form ever written is read

/// Each time as the difference to the one before it.
void write_channel(byte_writer& out, channel on, const timestamp* first, const timestamp* end) {
  out.number(static_cast<std::uint64_t>(on));
  out.number(static_cast<std::uint64_t>(end - first));
  timestamp last;
  for (; first != end; ++first) {
    out.number(static_cast<std::uint64_t>((*first - last).count()));
    last = *first;
  }
}

/// As much as there is.
void read_times(byte_reader& in, std::vector<timestamp>& to) {
  timestamp last;
  for (auto left = in.number(); left > 0 && !in.failed(); --left) {
    last = timestamp{duration{static_cast<std::int64_t>(
        static_cast<std::uint64_t>(last.time_since_epoch().count()) + in.number())}};
    if (!in.failed())
      to.push_back(last);
  }
}

bool is_empty(const channel_windows& w) {
  return w.attempts.empty() && w.provisional.empty() && w.reservations.empty();
}

} // namespace

std::string rate_limiter_model::save(const person& who) const {
  byte_writer out;
  out.number(form);
  auto any = false;
  if (const auto* all = windows_.find(who.tenant, who.recipient))
    for (const auto& w : *all) {
      auto longest = longest_window(limits_[static_cast<std::size_t>(w.on)]);
      if (w.attempts.empty() || longest == duration{0})
        continue;
      // Counted from the newest and not from now, so that the bytes are made by facts alone.
      auto first
          = std::upper_bound(w.attempts.begin(), w.attempts.end(), w.attempts.back() - longest);
      write_channel(out, w.on, &*first, w.attempts.data() + w.attempts.size());
      any = true;
    }
  return any ? out.take() : std::string{};
}

void rate_limiter_model::restore(const person& who, std::string_view saved) {
  evict(who);
  if (saved.empty())
    return;
  byte_reader in{saved};
  auto sound = in.number() == form;
  while (sound && !in.at_end()) {
    auto on = in.number();
    std::vector<timestamp> attempts;
    read_times(in, attempts);
    sound = !in.failed() && on < enum_count<channel>;
    if (on < enum_count<channel> && !attempts.empty()
        && longest_window(limits_[static_cast<std::size_t>(on)]) != duration{0}) {
      std::sort(attempts.begin(), attempts.end());
      windows_of(who.tenant, who.recipient, static_cast<channel>(on)).attempts
          = std::move(attempts);
    }
  }
  if (!sound)
    spdlog::error("the saved attempts of recipient {} are damaged; some are not counted",
                  log_name(who.tenant, who.recipient));
}

void rate_limiter_model::evict(const person& who) {
  auto* all = windows_.find(who.tenant, who.recipient);
  if (!all)
    return;
  for (auto& w : *all)
    std::vector<timestamp>{}.swap(w.attempts);
  std::erase_if(*all, is_empty);
  if (all->empty())
    windows_.erase(who.tenant, who.recipient);
}

} // namespace carillon
