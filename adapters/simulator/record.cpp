#include "adapters/simulator/record.hpp"

#include "adapters/simulator/text.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace carillon::simulator {

namespace {

bool fits(const message_record& m, const record_filter& f) {
  return m.number > f.since && (f.to.empty() || m.to == f.to)
         && (!f.accepted || *f.accepted == m.accepted);
}

void member(std::string& out, std::string_view name, std::string_view value) {
  append_json(out, name);
  out += ':';
  append_json(out, value);
  out += ',';
}

void member(std::string& out, std::string_view name, long long value) {
  append_json(out, name);
  out += ':' + std::to_string(value) + ',';
}

} // namespace

std::string_view to_string(answer_kind x) noexcept {
  switch (x) {
  case answer_kind::answered:
    return "answered";
  case answer_kind::hung:
    return "hung";
  case answer_kind::closed_after_accept:
    return "closed_after_accept";
  case answer_kind::closed_before_answer:
    return "closed_before_answer";
  }
  return "?";
}

std::string_view to_string(write_state x) noexcept {
  switch (x) {
  case write_state::none:
    return "none";
  case write_state::pending:
    return "pending";
  case write_state::written:
    return "written";
  case write_state::failed:
    return "failed";
  }
  return "?";
}

std::string to_json(const message_record& m) {
  std::string out = "{";
  member(out, "n", static_cast<long long>(m.number));
  member(out, "protocol", m.protocol);
  member(out, "sid", m.sid);
  member(out, "account_sid", m.account);
  member(out, "to", m.to);
  member(out, "from", m.from);
  member(out, "messaging_service_sid", m.messaging_service);
  member(out, "body", m.body);
  member(out, "status_callback", m.status_callback);
  member(out, "received_at", rfc3339(m.received_at));
  out += m.accepted ? "\"accepted\":true," : "\"accepted\":false,";
  member(out, "answer", to_string(m.answer));
  member(out, "http_status", m.http_status);
  member(out, "code", m.code);
  member(out, "written", to_string(m.written));
  member(out, "rule", m.rule);
  member(out, "status", m.status);
  out += "\"callbacks\":[";
  for (std::size_t i = 0; i < m.callbacks.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    member(out, "status", m.callbacks[i].status);
    out += "\"http_status\":" + std::to_string(m.callbacks[i].http_status) + "}";
  }
  return out + "]}";
}

message_log::message_log(std::size_t keep, const std::string& file)
    : keep_(std::max<std::size_t>(keep, 1)) {
  if (file.empty())
    return;
  file_.reset(std::fopen(file.c_str(), "ae"));
  if (!file_)
    throw std::system_error(errno, std::generic_category(), "record file " + file);
}

std::uint64_t message_log::add(message_record&& m) {
  std::lock_guard lock(mutex_);
  m.number = ++last_;
  if (file_) {
    const auto line = to_json(m) + "\n";
    std::fwrite(line.data(), 1, line.size(), file_.get());
    std::fflush(file_.get());
  }
  messages_.push_back(std::move(m));
  if (messages_.size() > keep_) {
    messages_.pop_front();
    ++dropped_;
  }
  return last_;
}

message_record* message_log::at(std::uint64_t number) {
  if (messages_.empty() || number < messages_.front().number || number > last_)
    return nullptr;
  return &messages_[number - messages_.front().number];
}

void message_log::mark_written(std::uint64_t number, bool success) {
  std::lock_guard lock(mutex_);
  if (auto* m = at(number))
    m->written = success ? write_state::written : write_state::failed;
}

void message_log::add_callback(std::uint64_t number, const std::string& status, int http_status) {
  std::lock_guard lock(mutex_);
  if (auto* m = at(number)) {
    m->callbacks.push_back({status, http_status});
    m->status = status;
  }
}

std::vector<message_record> message_log::list(const record_filter& filter,
                                              std::size_t limit) const {
  std::vector<message_record> out;
  std::lock_guard lock(mutex_);
  auto it = std::partition_point(messages_.begin(), messages_.end(),
                                 [&](const auto& m) { return m.number <= filter.since; });
  for (; it != messages_.end() && out.size() < limit; ++it)
    if (fits(*it, filter))
      out.push_back(*it);
  return out;
}

std::size_t message_log::count(const record_filter& filter) const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(messages_.begin(), messages_.end(),
                                                [&](const auto& m) { return fits(m, filter); }));
}

std::optional<message_record> message_log::find(std::uint64_t number) const {
  std::lock_guard lock(mutex_);
  if (auto* m = const_cast<message_log*>(this)->at(number))
    return *m;
  return std::nullopt;
}

std::uint64_t message_log::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

void message_log::clear() {
  std::lock_guard lock(mutex_);
  messages_.clear();
}

} // namespace carillon::simulator
