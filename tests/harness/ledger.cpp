#include "tests/harness/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace carillon::harness {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_problems = 10'000; // more of one kind may not hide another
constexpr std::size_t most_words = 40;

struct attempt_story {
  timestamp started;
  std::uint8_t step = 0;
  bool succeeded = false;
  bool failed = false;
  bool unknown = false;
  bool settled = false;
  bool reported = false;   // which is an outcome too, where the answer was lost in a crash
  bool taken_back = false; // the provider said later that it bounced or failed
  error_class error = error_class::none;
  std::string message_id;
};

// One notification's facts, folded as they come.
struct story {
  std::optional<notification_planned> plan;
  std::map<std::uint16_t, attempt_story> attempts;
  std::uint16_t asked_again_after = 0; // attempts up to this one were before a replay
  timestamp due = no_time;
  bool held = false;
  bool sent = false;
  bool dead = false;
  bool ended = false;
  bool posted = false;
  bool cancelled = false;
  std::set<std::uint8_t> suppressed; // steps; with all of them it has ended
};

class checker {
public:
  explicit checker(const ledger_input& input) : input_(input) {}

  ledger_report run() {
    index_messages();
    check_density();
    for (const auto& row : input_.facts)
      std::visit([&](const auto& body) { fold(row, body); }, row.body);
    check_messages();
    for (const auto& [id, told] : stories_)
      check_story(id, told);
    check_acknowledged();
    check_limits();
    return std::move(report_);
  }

private:
  template <class... Args>
  void problem(fmt::format_string<Args...> text, Args&&... args) {
    if (report_.problems.size() < most_problems)
      report_.problems.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  // -- 1 ----------------------------------------------------------------------
  void check_density() {
    for (const auto& row : input_.facts)
      last_time_ = std::max(last_time_, row.at);
    std::map<unsigned, std::uint64_t> sequence;
    std::map<unsigned, std::vector<std::uint64_t>> positions;
    for (const auto& row : input_.facts) {
      auto& last = sequence[row.partition];
      if (row.sequence != last + 1)
        problem("partition {}: sequence {} follows {}", row.partition, row.sequence, last);
      last = row.sequence;
      positions[row.lane].push_back(row.position);
    }
    for (auto& [lane, all] : positions) {
      std::sort(all.begin(), all.end());
      for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i] != i + 1) {
          problem("lane {}: position {} stands at place {}", lane, all[i], i + 1);
          break;
        }
    }
  }

  void index_messages() {
    for (const auto& message : input_.messages) {
      if (!message.ref) {
        problem("message {} to {} carries no reference", message.number, message.to);
        continue;
      }
      ++report_.calls;
      report_.accepted += message.accepted ? 1 : 0;
      if (!by_ref_.emplace(*message.ref, &message).second)
        problem("attempt {}.{} reached the provider more than once", to_string(message.ref->id),
                message.ref->attempt);
    }
  }

  bool was_accepted(const notification_id& id, std::uint16_t attempt) const {
    const auto found = by_ref_.find({id, attempt});
    return found != by_ref_.end() && found->second->accepted;
  }

  // -- the fold ---------------------------------------------------------------
  void fold(const journal_fact& row, const notification_planned& f) {
    auto& told = stories_[row.id];
    if (told.plan)
      problem("{} is planned twice", to_string(row.id));
    told.plan = f;
    told.due = f.send_at;
    ++report_.planned;
    if (!f.dedupe.is_nil()
        && !plans_.emplace(row.partition, f.dedupe, f.ordinal, f.recipient.str()).second)
      problem("event {} is planned twice for {}", f.event_id, f.recipient.str());
  }

  void fold(const journal_fact& row, const attempt_started& f) {
    auto& told = stories_[row.id];
    ++report_.attempts;
    check_excused(row.id, told, f);
    attempt_story one;
    one.started = row.at;
    one.step = f.step;
    if (!told.attempts.emplace(f.number, one).second)
      problem("{}: attempt {} starts twice", to_string(row.id), f.number);
    told.held = false;
    if (told.plan && f.on == channel::sms)
      starts_[told.plan->recipient.str()].push_back({row.at, row.id, f.number});
  }

  // 4: why may there be another call?
  void check_excused(const notification_id& id, const story& told, const attempt_started& next) {
    for (const auto& [number, earlier] : told.attempts) {
      if (earlier.step != next.step || number <= told.asked_again_after
          || !was_accepted(id, number))
        continue;
      if (earlier.unknown)
        report_.doubled += was_accepted(id, next.number) ? 1 : 0;
      else if (!earlier.taken_back)
        problem("{}: attempt {} starts although attempt {} was accepted", to_string(id),
                next.number, number);
    }
  }

  void fold(const journal_fact& row, const attempt_succeeded& f) {
    auto& told = stories_[row.id];
    auto& one = outcome(row, told, f.number);
    one.succeeded = true;
    one.message_id = f.provider_message_id;
    told.sent = told.ended = true;
  }
  void fold(const journal_fact& row, const attempt_failed& f) {
    auto& one = outcome(row, stories_[row.id], f.number);
    one.failed = true;
    one.error = f.error;
  }
  void fold(const journal_fact& row, const outcome_unknown& f) {
    outcome(row, stories_[row.id], f.number).unknown = true;
    ++report_.unknown;
  }
  void fold(const journal_fact& row, const outcome_settled& f) {
    auto& told = stories_[row.id];
    auto& one = told.attempts[f.number];
    if (!one.unknown)
      problem("{}: attempt {} is settled but was not unknown", to_string(row.id), f.number);
    one.settled = true;
    if (f.as == settlement::confirmed)
      told.sent = told.ended = true;
  }
  void fold(const journal_fact& row, const provider_reported& f) {
    auto& told = stories_[row.id];
    if (f.number == 0)
      return;
    const bool bad = f.what == status::bounced || f.what == status::failed;
    told.attempts[f.number].taken_back |= bad;
    told.attempts[f.number].reported = true;
    if (!bad)
      told.sent = told.ended = true;
  }
  void fold(const journal_fact& row, const step_held& f) {
    auto& told = stories_[row.id];
    told.held = true;
    if (f.why == reason::none)
      problem("{} is held without a reason", to_string(row.id));
  }
  void fold(const journal_fact& row, const rescheduled& f) {
    stories_[row.id].due = f.send_at;
  }
  void fold(const journal_fact& row, const step_suppressed& f) {
    auto& told = stories_[row.id];
    if (f.why == reason::none)
      problem("{} is suppressed without a reason", to_string(row.id));
    told.suppressed.insert(f.step);
    if (told.plan && told.suppressed.size() == told.plan->steps.size())
      told.ended = true;
  }
  void fold(const journal_fact& row, const cancelled&) {
    stories_[row.id].ended = stories_[row.id].cancelled = true;
  }
  void fold(const journal_fact& row, const expired&) {
    stories_[row.id].ended = true;
  }
  void fold(const journal_fact& row, const dead_lettered& f) {
    auto& told = stories_[row.id];
    told.ended = told.dead = true;
    if (f.why == reason::none)
      problem("{} is dead-lettered without a reason", to_string(row.id));
  }
  void fold(const journal_fact& row, const replayed&) {
    auto& told = stories_[row.id];
    told.ended = told.dead = false;
    if (!told.attempts.empty())
      told.asked_again_after = told.attempts.rbegin()->first;
  }
  void fold(const journal_fact& row, const in_app_posted&) {
    stories_[row.id].posted = true;
  }
  template <class Other>
  void fold(const journal_fact&, const Other&) {}

  attempt_story& outcome(const journal_fact& row, story& told, std::uint16_t number) {
    const auto found = told.attempts.find(number);
    if (found == told.attempts.end())
      problem("{}: attempt {} has an outcome and no start", to_string(row.id), number);
    auto& one = told.attempts[number];
    if (one.succeeded || one.failed || one.unknown)
      problem("{}: attempt {} has two outcomes", to_string(row.id), number);
    return one;
  }

  // -- 3 ----------------------------------------------------------------------
  void check_messages() {
    for (const auto& [ref, message] : by_ref_) {
      const auto told = stories_.find(ref.id);
      if (told == stories_.end() || !told->second.attempts.contains(ref.attempt)) {
        problem("call {}.{} has no intent in the journal", to_string(ref.id), ref.attempt);
        continue;
      }
      const auto& one = told->second.attempts.at(ref.attempt);
      if (input_.clock_was_real && one.started > message->received_at + 2ms)
        problem("call {}.{} was made before its intent", to_string(ref.id), ref.attempt);
    }
  }

  // -- 5, 6 -------------------------------------------------------------------
  void check_story(const notification_id& id, const story& told) {
    if (!told.plan)
      return;
    for (const auto& [number, one] : told.attempts)
      check_attempt(id, number, one, told.cancelled);
    if (told.ended || told.posted) {
      told.sent ? ++report_.sent : told.dead ? ++report_.dead : ++report_.other_ends;
    } else if (told.held || told.due > last_time_) {
      ++report_.held;
    } else if (input_.at_rest) {
      problem("{} ({}) has neither end nor reason", to_string(id), told.plan->event_id);
    }
  }

  void check_attempt(const notification_id& id, std::uint16_t number, const attempt_story& one,
                     bool was_cancelled) {
    const auto found = by_ref_.find({id, number});
    const auto* message = found == by_ref_.end() ? nullptr : found->second;
    if (one.succeeded && (message == nullptr || !message->accepted))
      problem("{}.{} succeeded, and the provider has not got it", to_string(id), number);
    // An answer that was cut off says that it was taken, and not its id.
    if (one.succeeded && message != nullptr && !one.message_id.empty()
        && message->sid != one.message_id)
      problem("{}.{} succeeded as {}, the provider says {}", to_string(id), number, one.message_id,
              message->sid);
    if (one.failed && message != nullptr && message->accepted)
      problem("{}.{} failed, and the provider took it", to_string(id), number);
    if (one.failed && one.error == error_class::not_called && message != nullptr)
      problem("{}.{} was not called, and the provider was", to_string(id), number);
    if (input_.at_rest && !one.succeeded && !one.failed && !one.unknown && !one.reported)
      problem("{}.{} has no outcome", to_string(id), number);
    if (input_.at_rest && one.unknown && !one.settled && !was_cancelled)
      problem("{}.{} is unknown and was never settled", to_string(id), number);
  }

  // -- 2 ----------------------------------------------------------------------
  void check_acknowledged() {
    std::size_t lost = 0;
    for (const auto& id : input_.acknowledged) {
      const auto found = stories_.find(id);
      if ((found == stories_.end() || !found->second.plan) && ++lost <= 5)
        problem("{} was acknowledged and is not in the journal", to_string(id));
    }
    if (lost > 5)
      problem("{} acknowledged ids are not in the journal", lost);
  }

  // -- 7 ----------------------------------------------------------------------
  struct start {
    timestamp at;
    notification_id id;
    std::uint16_t number;
  };

  void check_window(const std::string& who, const std::vector<timestamp>& at, std::uint32_t limit,
                    duration window) {
    for (std::size_t i = limit; limit > 0 && i < at.size(); ++i)
      if (at[i] - at[i - limit] < window) {
        problem("{} got more than {} attempts within {} s", who, limit,
                std::chrono::duration_cast<std::chrono::seconds>(window).count());
        return;
      }
  }

  void check_limits() {
    for (auto& [who, all] : starts_) {
      std::vector<timestamp> times;
      for (const auto& each : all)
        if (stories_[each.id].attempts[each.number].error != error_class::not_called)
          times.push_back(each.at);
      std::sort(times.begin(), times.end());
      check_window(who, times, input_.limits.per_minute, 1min);
      check_window(who, times, input_.limits.per_hour, 1h);
      check_window(who, times, input_.limits.per_day, 24h);
    }
  }

  const ledger_input& input_;
  ledger_report report_;
  timestamp last_time_ = no_time;
  std::map<call_ref, const sim_message*> by_ref_;
  std::map<notification_id, story> stories_;
  std::map<std::string, std::vector<start>> starts_;
  std::set<std::tuple<unsigned, hash16, std::uint16_t, std::string>> plans_;
};

} // namespace

std::string ledger_report::words() const {
  auto out = fmt::format("planned {} attempts {} calls {} accepted {} unknown {} doubled {}; "
                         "sent {} dead {} other {} held {}",
                         planned, attempts, calls, accepted, unknown, doubled, sent, dead,
                         other_ends, held);
  for (std::size_t i = 0; i < std::min(problems.size(), most_words); ++i)
    out += "\n  " + problems[i];
  return out;
}

ledger_report check_ledger(const ledger_input& input) {
  return checker{input}.run();
}

} // namespace carillon::harness
