#include "tests/soak/history.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace carillon::soak {

namespace {

using namespace std::chrono_literals;

// What is due by so little may still be on its way.
constexpr auto grace = 5s;

struct attempt {
  std::uint8_t step = 0;
  bool unknown = false;
  bool taken_back = false;
};

struct story {
  account told;
  std::size_t steps = 0;
  std::set<std::uint8_t> suppressed;
  std::map<std::uint16_t, attempt> attempts;
  timestamp due;
  timestamp waits_until;
  bool posted = false;
  bool cancelled = false;
  bool expired = false;
  bool dead = false;
  bool given_up = false;
};

class reader {
public:
  explicit reader(const history_input& input) : input_(input) {}

  history read() {
    for (const auto& row : input_.facts)
      std::visit([&](const auto& body) { fold(row, body); }, row.body);
    std::map<notification_id, std::vector<std::uint16_t>> taken;
    for (const auto& message : input_.messages)
      if (message.ref && message.accepted)
        taken[message.ref->id].push_back(message.ref->attempt);
    for (auto& [id, one] : stories_) {
      auto& numbers = taken[id];
      std::sort(numbers.begin(), numbers.end());
      count_doubles(one, numbers);
      one.told.ended = fate_of(one, !numbers.empty());
      out_.accounts.emplace(id, one.told);
    }
    return std::move(out_);
  }

private:
  template <class... Args>
  void problem(fmt::format_string<Args...> text, Args&&... args) {
    out_.problems.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  // -- the fold ---------------------------------------------------------------
  void fold(const harness::journal_fact& row, const notification_planned& f) {
    auto& one = stories_[row.id];
    one.told.event = f.event_id;
    one.told.recipient = f.recipient.str();
    one.steps = f.steps.size();
    one.due = f.send_at;
  }
  void fold(const harness::journal_fact& row, const rescheduled& f) {
    stories_[row.id].due = f.send_at;
  }
  void fold(const harness::journal_fact& row, const step_held& f) {
    stories_[row.id].waits_until = f.until;
  }
  void fold(const harness::journal_fact& row, const attempt_started& f) {
    auto& one = stories_[row.id];
    one.attempts[f.number].step = f.step;
    one.waits_until = no_time;
    if (row.at < one.due)
      problem("{} is sent {} ms before its time", to_string(row.id), (one.due - row.at) / 1ms);
    if (f.on == channel::sms && switched_off_.contains(one.told.recipient))
      problem("{} is sent although {} has SMS switched off", to_string(row.id), one.told.recipient);
    if (input_.is_quiet(one.told.recipient, row.at))
      problem("{} is sent in {}'s quiet hours", to_string(row.id), one.told.recipient);
  }
  void fold(const harness::journal_fact& row, const attempt_failed& f) {
    stories_[row.id].waits_until = f.retry_at;
  }
  void fold(const harness::journal_fact& row, const outcome_unknown& f) {
    stories_[row.id].attempts[f.number].unknown = true;
  }
  void fold(const harness::journal_fact& row, const outcome_settled& f) {
    stories_[row.id].given_up |= f.as == settlement::give_up;
  }
  void fold(const harness::journal_fact& row, const provider_reported& f) {
    if (f.number != 0 && (f.what == status::bounced || f.what == status::failed))
      stories_[row.id].attempts[f.number].taken_back = true;
  }
  void fold(const harness::journal_fact& row, const step_suppressed& f) {
    stories_[row.id].suppressed.insert(f.step);
  }
  void fold(const harness::journal_fact& row, const cancelled&) {
    stories_[row.id].cancelled = true;
  }
  void fold(const harness::journal_fact& row, const expired&) {
    stories_[row.id].expired = true;
  }
  void fold(const harness::journal_fact& row, const dead_lettered&) {
    stories_[row.id].dead = true;
  }
  void fold(const harness::journal_fact& row, const in_app_posted& f) {
    stories_[row.id].posted = true;
    next_offset(f.recipient.str(), f.offset);
    out_.inboxes[f.recipient.str()].push_back(to_string(row.id));
  }
  void fold(const harness::journal_fact&, const in_app_changed& f) {
    next_offset(f.recipient.str(), f.offset);
  }
  void fold(const harness::journal_fact&, const preferences_changed& f) {
    const auto body = nlohmann::json::parse(f.body, nullptr, false);
    const nlohmann::json::json_pointer place{"/channels/sms/enabled"};
    if (body.is_object() && body.contains(place) && body[place] == false)
      switched_off_.insert(f.recipient.str());
    else
      switched_off_.erase(f.recipient.str());
  }
  template <class Other>
  void fold(const harness::journal_fact&, const Other&) {}

  void next_offset(const std::string& who, std::uint64_t offset) {
    auto& last = out_.offsets[who];
    if (offset != last + 1)
      problem("inbox of {}: offset {} follows {}", who, offset, last);
    last = offset;
  }

  // -- what came of it --------------------------------------------------------
  static void count_doubles(story& one, const std::vector<std::uint16_t>& taken) {
    for (std::size_t i = 1; i < taken.size(); ++i) {
      const auto& later = one.attempts[taken[i]];
      for (std::size_t j = i; j-- > 0;) {
        const auto& earlier = one.attempts[taken[j]];
        if (earlier.step != later.step)
          continue;
        if (earlier.unknown)
          ++one.told.doubled;
        else if (!earlier.taken_back)
          ++one.told.unmarked;
        break;
      }
    }
  }

  fate fate_of(const story& one, bool taken) const {
    if (taken || one.posted)
      return fate::sent;
    if (one.cancelled)
      return fate::cancelled;
    if (one.expired)
      return fate::expired;
    if (one.dead)
      return fate::dead_lettered;
    if (one.given_up)
      return fate::given_up;
    if (one.steps > 0 && one.suppressed.size() == one.steps)
      return fate::suppressed;
    return std::max(one.due, one.waits_until) + grace > input_.now ? fate::waiting : fate::lost;
  }

  const history_input& input_;
  history out_;
  std::map<notification_id, story> stories_;
  std::set<std::string> switched_off_;
};

} // namespace

std::string_view to_string(fate which) {
  static constexpr std::array<std::string_view, 8> names{
      "sent", "suppressed", "cancelled", "expired", "dead_lettered", "given_up", "waiting", "lost"};
  return names[static_cast<std::size_t>(which)];
}

history read_history(const history_input& input) {
  return reader{input}.read();
}

} // namespace carillon::soak
