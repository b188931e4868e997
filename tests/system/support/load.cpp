#include "tests/system/support/load.hpp"

#include <fmt/format.h>

namespace carillon::test {

load::load(const world& about, options what) : options_(std::move(what)) {
  if (options_.nodes.empty())
    options_.nodes = {about.daemon.where()};
  static std::atomic<unsigned> loads{0};
  prefix_ = fmt::format("load-{}-", ++loads);
  running_ = options_.threads;
  for (unsigned i = 0; i < options_.threads; ++i)
    threads_.emplace_back([this] { run(); });
}

load::~load() {
  finish(milliseconds{100});
  for (auto& each : threads_)
    each.join();
}

void load::run() {
  std::vector<harness::http_client> clients;
  for (const auto& node : options_.nodes) {
    clients.emplace_back(node, options_.patience);
    clients.back().always("Authorization", "Bearer " + std::string{harness::admin_key});
  }
  std::size_t at = 0;
  while (!stopping_) {
    const auto n = next_++;
    if (n >= options_.most)
      break;
    json data = {{"who", options_.people[n % options_.people.size()].id},
                 {"text", fmt::format("load {}", n)}};
    if (options_.data)
      data.merge_patch(options_.data(n));
    const auto event = harness::cloud_event(options_.type, prefix_ + std::to_string(n), data);
    while (!given_up_ && !post(clients[at], event)) {
      at = (at + 1) % clients.size();
      harness::pause(milliseconds{20});
    }
  }
  --running_;
}

bool load::post(harness::http_client& client, const json& event) {
  try {
    const auto reply = harness::post_event(client, event);
    if (reply.status == 202) {
      remember(reply.json());
      ++accepted_;
      return true;
    }
    ++refused_;
    if (reply.status != 503 && reply.status != 429) {
      std::lock_guard lock{mutex_};
      complaints_.push_back(fmt::format("{}: {}", reply.status, reply.body));
      return true;
    }
  } catch (const harness::connection_lost&) {
    ++refused_;
  } catch (const std::exception& e) {
    std::lock_guard lock{mutex_};
    complaints_.push_back(e.what());
    return true;
  }
  return false;
}

void load::remember(const json& answer) {
  std::lock_guard lock{mutex_};
  for (const auto& item : answer.at("notifications"))
    if (auto id = parse_notification_id(item.at("id").get<std::string>()))
      ids_.insert(*id);
  if (answer.at("notifications").size() != 1)
    complaints_.push_back("not one notification: " + answer.dump());
}

bool load::await(std::size_t count, milliseconds bound) {
  return harness::eventually(bound, [&] { return accepted_ >= count; });
}

bool load::finish(milliseconds bound) {
  stopping_ = true;
  const bool all = harness::eventually(bound, [&] { return running_ == 0; });
  given_up_ = true;
  return all;
}

std::set<notification_id> load::acknowledged() const {
  std::lock_guard lock{mutex_};
  return ids_;
}

std::vector<std::string> load::complaints() const {
  std::lock_guard lock{mutex_};
  return complaints_;
}

} // namespace carillon::test
