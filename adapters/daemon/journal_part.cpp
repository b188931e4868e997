#include "adapters/daemon/journal_part.hpp"

#include "persistence/postgres/lane.hpp"
#include "persistence/postgres/projector.hpp"
#include "persistence/postgres/store.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace carillon::daemon {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr const char* node_name
    = "main"; // of the lease row: all daemons of a database are one node

/// Names this boot of this host, and the process ids' namespace: containers may share a host's
/// name, and each has a process 1.
std::string this_host() {
  char host[256] = "?";
  ::gethostname(host, sizeof host - 1);
  std::string boot;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> boot;
  std::error_code ignored;
  auto space = std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
  return fmt::format("{} {:.8} {} process ", host, boot, space);
}

std::string this_process() {
  return fmt::format("{}{}", this_host(), ::getpid());
}

/// Whether a holder as above was on this host and is no more: a daemon that is started again after
/// a crash need not wait.
bool is_gone(const std::string& holder) {
  auto host = this_host();
  if (!holder.starts_with(host))
    return false;
  auto pid = static_cast<pid_t>(std::atoi(holder.c_str() + host.size()));
  return pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH);
}

persistence::lease_options lease_options_of(const settings& with, const std::string& url,
                                            std::shared_ptr<lease_view> view,
                                            std::function<void()> fenced) {
  persistence::lease_options how;
  how.url = url;
  how.node = node_name;
  how.holder = this_process();
  how.is_gone = is_gone;
  how.ttl = duration_cast<milliseconds>(with.lease.ttl);
  how.renew_every = duration_cast<milliseconds>(with.lease.renew_every);
  how.view = std::move(view);
  how.log = [](std::string_view line) { spdlog::info("lease: {}", line); };
  how.on_fenced = std::move(fenced);
  return how;
}

} // namespace

void journal_listeners::add(listener who) {
  std::lock_guard guard{mutex_};
  listeners_.push_back(std::move(who));
}

void journal_listeners::tell(const journal_health& what) const {
  std::lock_guard guard{mutex_};
  for (const auto& each : listeners_)
    each(what);
}

journal_part::journal_part(caf::actor_system& system, const storage& where, const settings& with,
                           const clock& time, std::shared_ptr<metrics> numbers)
    : system_(system), url_(where.url), lane_count_(where.lanes), with_(with), time_(time),
      numbers_(std::move(numbers)) {}

journal_part::~journal_part() {
  stop();
}

std::optional<start_failure> journal_part::start(const hooks& call) {
  keeper_ = std::make_unique<persistence::lease_keeper>(
      lease_options_of(with_, url_, lease_view_, call.fenced));
  auto wait = [&] {
    spdlog::info("lease: {} has it, this one waits", keeper_->holder());
    call.standby(keeper_->holder());
  };
  auto epoch = keeper_->acquire(wait, call.give_up);
  if (!epoch)
    return start_failure{exit_code_of(epoch.error().kind), epoch.error().text};
  keeper_->start();
  for (std::uint32_t lane = 0; lane < lane_count_; ++lane)
    spawn_lane(lane, *epoch, call.fenced);
  persistence::store_options how;
  how.url = url_;
  how.clock = &time_;
  how.workers = with_.database.pool;
  store_ = system_.spawn<caf::detached>(persistence::store, how);
  return std::nullopt;
}

void journal_part::spawn_lane(std::uint32_t lane, std::uint64_t epoch,
                              const std::function<void()>& fenced) {
  persistence::projector_options projecting;
  projecting.url = url_;
  projecting.lane = lane;
  projecting.lanes = lane_count_;
  projecting.lease = {node_name, epoch};
  projecting.metrics = numbers_;
  projectors_.push_back(system_.spawn<caf::detached>(persistence::projector, projecting));
  persistence::lane_options writing;
  writing.writer.url = url_;
  writing.writer.lane = lane;
  writing.writer.node = node_name;
  writing.writer.epoch = epoch;
  writing.projector = projectors_.back();
  writing.metrics = numbers_;
  writing.on_health = [listeners = listeners_, fenced,
                       last = journal_state::ok](const journal_health& health) mutable {
    if (std::exchange(last, health.state) != health.state)
      spdlog::info("journal lane {}: {} {}", health.lane, to_string(health.state), health.detail);
    listeners->tell(health);
    if (health.state == journal_state::fenced)
      fenced();
  };
  lanes_.push_back(system_.spawn<caf::detached>(persistence::lane, std::move(writing)));
}

void journal_part::stop() {
  auto end = [](const auto& who) { caf::anon_send_exit(who, caf::exit_reason::user_shutdown); };
  for (const auto& each : lanes_)
    end(each);
  for (const auto& each : projectors_)
    end(each);
  if (store_)
    end(store_);
  lanes_.clear();
  projectors_.clear();
  store_ = nullptr;
  if (keeper_)
    keeper_->release();
  keeper_.reset();
}

} // namespace carillon::daemon
