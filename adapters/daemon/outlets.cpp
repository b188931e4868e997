#include "adapters/daemon/outlets.hpp"

#include "actors/sender/sender.hpp"
#include "adapters/providers/provider.hpp"
#include "adapters/providers/provider_shell.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

namespace carillon::daemon {
namespace {

std::vector<provider_settings> enabled_on(const settings& with, channel on) {
  std::vector<provider_settings> found;
  for (const auto& each : with.providers)
    if (each.on == on && each.enabled)
      found.push_back(each);
  return found;
}

/// The sender asked already. But a process can be paused between that and the request.
providers::http_client_options client_options(std::shared_ptr<const lease_view> lease) {
  providers::http_client_options how;
  how.may_start = [lease = std::move(lease)](std::chrono::milliseconds longest) {
    return lease->outlives(longest);
  };
  return how;
}

} // namespace

outlets::outlets(caf::actor_system& system, const settings& with, const clock& time,
                 std::string public_url, std::shared_ptr<const lease_view> lease, metrics& numbers)
    : public_url_(std::move(public_url)), client_(client_options(lease)) {
  for (const auto& each : with.providers)
    if (each.enabled)
      spawn_provider(system, each, time, with.delivery.call_timeout);
  auto senders = std::make_shared<sender_table>();
  for (std::size_t i = 0; i < enum_count<channel>; ++i) {
    sender_arguments args;
    args.on = static_cast<channel>(i);
    args.providers = enabled_on(with, args.on);
    if (args.providers.empty())
      continue;
    args.clients = providers_;
    args.calls = with.delivery;
    args.time = &time;
    args.lease = lease;
    args.count = &numbers;
    (*senders)[i] = system.spawn(sender, std::move(args));
  }
  senders_ = std::move(senders);
}

outlets::~outlets() {
  stop(std::chrono::milliseconds{0});
}

void outlets::spawn_provider(caf::actor_system& system, const provider_settings& with,
                             const clock& time, duration call_timeout) {
  providers::environment around{client_, time, public_url_, call_timeout};
  if (auto body = providers::make_provider(with, around))
    providers_[with.name] = providers::spawn_provider(system, with, std::move(body));
  else
    for (const auto& problem : providers::check_provider(with))
      spdlog::error("provider {}: {}", with.name, problem);
}

void outlets::stop(std::chrono::milliseconds grace) {
  client_.stop(grace);
  if (senders_)
    for (const auto& each : *senders_)
      if (each)
        caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  for (const auto& [name, each] : providers_)
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  senders_.reset();
  providers_.clear();
}

} // namespace carillon::daemon
