#include "actors/sender/sender_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carillon {

namespace {

using namespace std::chrono;

/// From permit to call there is one commit; a database in trouble makes it long, and then the
/// permit is worth nothing.
constexpr auto permit_life = seconds{3};

/// Every so many grants the least urgent lane has its turn, so that it is slow but never stuck.
constexpr std::uint32_t courtesy = 16;

constexpr auto auth_pause = minutes{1};

bool counts_as_failure(const call_outcome& o) noexcept {
  if (o.what == call_outcome::kind::unknown)
    return true;
  return o.what == call_outcome::kind::failed
         && (o.error == error_class::transient || o.error == error_class::unknown
             || o.error == error_class::auth);
}

} // namespace

sender_model::sender_model(std::vector<provider_settings> providers, delivery_settings calls,
                           time_point now)
    : calls_(calls) {
  std::stable_sort(providers.begin(), providers.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  for (auto& p : providers) {
    provider_state s;
    s.settings = std::move(p);
    s.filled = now;
    providers_.push_back(std::move(s));
  }
}

void sender_model::wait(std::uint64_t ticket, priority lane, timestamp give_up_at) {
  lanes_[static_cast<std::size_t>(lane)].push_back({ticket, give_up_at});
}

std::size_t sender_model::waiting() const noexcept {
  std::size_t n = 0;
  for (const auto& lane : lanes_)
    n += lane.size();
  return n;
}

std::deque<sender_model::request>* sender_model::next_lane() noexcept {
  auto waits = [](const auto& lane) { return !lane.empty(); };
  if (++turns_ % courtesy == 0) {
    auto last = std::find_if(lanes_.rbegin(), lanes_.rend(), waits);
    return last == lanes_.rend() ? nullptr : &*last;
  }
  auto first = std::find_if(lanes_.begin(), lanes_.end(), waits);
  return first == lanes_.end() ? nullptr : &*first;
}

/// Permits nobody used in time free their place.
void sender_model::reclaim(time_point now) {
  while (!issue_order_.empty() && issue_order_.front().first <= now) {
    auto number = issue_order_.front().second;
    issue_order_.pop_front();
    if (auto i = permits_.find(number); i != permits_.end() && !i->second.calling)
      give_back(number);
  }
}

bool sender_model::available(provider_state& p, time_point now) {
  if (p.paused_until > now || p.in_use >= calls_.window)
    return false;
  if (p.breaker == breaker_state::open)
    p.breaker = breaker_state::half_open;
  if (p.breaker == breaker_state::half_open && p.in_use > 0)
    return false; // one probe at a time
  if (p.settings.per_second > 0) {
    auto rate = static_cast<double>(p.settings.per_second);
    auto passed = duration_cast<std::chrono::duration<double>>(now - p.filled).count();
    p.tokens = std::min(p.tokens + passed * rate, std::max(1.0, rate / 10.0));
    p.filled = now;
    return p.tokens >= 1.0;
  }
  return true;
}

/// The best providers that may be called now, by order and then by weight.
std::optional<std::size_t> sender_model::choose(time_point now) {
  std::optional<std::size_t> best;
  double total = 0;
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    auto& p = providers_[i];
    if (best && p.settings.priority != providers_[*best].settings.priority)
      break;
    if (!available(p, now))
      continue;
    p.current += p.settings.weight;
    total += p.settings.weight;
    if (!best || p.current > providers_[*best].current)
      best = i;
  }
  if (best)
    providers_[*best].current -= total;
  return best;
}

std::vector<sender_model::grant> sender_model::pump(time_point now, timestamp wall) {
  std::vector<grant> out;
  reclaim(now);
  for (auto* lane = next_lane(); lane != nullptr; lane = next_lane()) {
    auto r = lane->front();
    if (r.give_up_at <= wall) {
      lane->pop_front();
      out.push_back({r.ticket, {}, reason::expired});
      continue;
    }
    auto i = choose(now);
    if (!i)
      break;
    lane->pop_front();
    auto& p = providers_[*i];
    ++p.in_use;
    if (p.settings.per_second > 0)
      p.tokens -= 1.0;
    grant g;
    g.ticket = r.ticket;
    g.given.number = next_permit_++;
    g.given.provider = p.settings.name;
    g.given.start_by = now + permit_life;
    g.given.call_timeout = p.settings.timeout.value_or(calls_.call_timeout);
    g.given.reports = p.settings.callbacks;
    permits_[g.given.number] = {*i, g.given.start_by, false};
    issue_order_.emplace_back(g.given.start_by, g.given.number);
    out.push_back(std::move(g));
  }
  return out;
}

void sender_model::end(std::uint64_t permit_number) {
  auto i = permits_.find(permit_number);
  if (i == permits_.end())
    return;
  --providers_[i->second.provider].in_use;
  permits_.erase(i);
  while (!issue_order_.empty() && !permits_.contains(issue_order_.front().second))
    issue_order_.pop_front();
}

void sender_model::give_back(std::uint64_t permit_number) {
  auto i = permits_.find(permit_number);
  if (i == permits_.end() || i->second.calling)
    return;
  auto& p = providers_[i->second.provider];
  if (p.settings.per_second > 0)
    p.tokens += 1.0;
  end(permit_number);
}

std::optional<std::size_t> sender_model::start(std::uint64_t permit_number, time_point now) {
  auto i = permits_.find(permit_number);
  if (i == permits_.end() || i->second.calling || i->second.start_by <= now)
    return std::nullopt;
  i->second.calling = true;
  return i->second.provider;
}

void sender_model::finished(std::uint64_t permit_number, const call_outcome& o, time_point now) {
  auto i = permits_.find(permit_number);
  if (i == permits_.end())
    return;
  auto& p = providers_[i->second.provider];
  end(permit_number);
  if (o.error == error_class::not_called)
    return; // says nothing about the provider
  if (o.retry_after)
    p.paused_until = std::max(p.paused_until, now + *o.retry_after);
  if (o.error == error_class::auth)
    p.paused_until = std::max(p.paused_until, now + auth_pause);
  if (!counts_as_failure(o)) {
    p.failures = 0;
    p.breaker = breaker_state::closed;
    return;
  }
  ++p.failures;
  if (p.breaker == breaker_state::half_open || p.failures >= calls_.breaker_failures) {
    p.breaker = breaker_state::open;
    p.paused_until = std::max(p.paused_until, now + calls_.breaker_pause);
  }
}

sender_model::time_point sender_model::next_tick(time_point now) const {
  auto next = time_point::max();
  if (!issue_order_.empty())
    next = issue_order_.front().first;
  if (waiting() == 0)
    return next;
  for (const auto& p : providers_) {
    if (p.paused_until > now)
      next = std::min(next, p.paused_until);
    else if (p.settings.per_second > 0 && p.tokens < 1.0)
      next = std::min(next,
                      p.filled
                          + duration_cast<steady_clock::duration>(std::chrono::duration<double>{
                              (1.0 - p.tokens) / static_cast<double>(p.settings.per_second)})
                          + milliseconds{1});
  }
  // Requests expire while they wait.
  return std::min(next, now + seconds{1});
}

std::uint64_t sender_model::breakers_open() const noexcept {
  return static_cast<std::uint64_t>(
      std::count_if(providers_.begin(), providers_.end(),
                    [](const auto& p) { return p.breaker != breaker_state::closed; }));
}

std::string sender_model::describe(time_point now) const {
  auto out = nlohmann::json::array();
  for (const auto& p : providers_)
    out.push_back({{"name", p.settings.name},
                   {"kind", p.settings.kind},
                   {"channel", to_string(p.settings.on)},
                   {"priority", p.settings.priority},
                   {"weight", p.settings.weight},
                   {"breaker", to_string(p.breaker)},
                   {"paused", p.paused_until > now},
                   {"in_flight", p.in_use},
                   {"window", calls_.window}});
  return nlohmann::json{{"waiting", waiting()}, {"providers", std::move(out)}}.dump();
}

} // namespace carillon
