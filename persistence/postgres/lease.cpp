#include "persistence/postgres/lease.hpp"

#include "persistence/postgres/link.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr auto poll_every = 250ms;
constexpr auto reconnect_after = 200ms;

// Bumping waits for the row locks of appends under way. A paused owner can hold one in the middle
// of a copy, where no time-out of the server reaches it: it is disconnected.
constexpr const char* session_settings = "set lock_timeout = '2s'; set statement_timeout = '10s'";

// The same in every build: FNV-1a, less its top bit.
long long lock_of(const std::string& node) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (char c : "carillon lease " + node)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return static_cast<long long>(hash >> 1);
}

} // namespace

class lease_keeper::body {
public:
  explicit body(lease_options options);
  fallible<std::uint64_t> acquire(const std::function<void()>& standby,
                                  const std::function<bool()>& give_up);
  void start();
  void release();

private:
  bool try_acquire();
  bool lock_session();
  bool is_expired();
  void disconnect_holder();
  void bump();
  void run();
  bool renew_once();
  void stop_thread();

  lease_options options_;
  link link_;
  std::uint64_t epoch_ = 0;
  bool locked_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

namespace {

link_options link_for(const lease_options& options) {
  link_options result;
  result.url = options.url;
  result.name = "carillon lease";
  result.settings = session_settings;
  result.answer_timeout = std::max<std::chrono::milliseconds>(options.ttl / 2, 1s);
  return result;
}

} // namespace

lease_keeper::body::body(lease_options options)
    : options_(std::move(options)), link_(link_for(options_)) {}

// -- taking ------------------------------------------------------------------

fallible<std::uint64_t> lease_keeper::body::acquire(const std::function<void()>& standby,
                                                    const std::function<bool()>& give_up) {
  for (bool told = false;;) {
    try {
      if (!link_.is_open())
        link_.open();
      if (try_acquire())
        return epoch_;
      if (!told && standby)
        standby();
      told = true;
    } catch (const sql_failure& why) {
      if (!why.lost && options_.log)
        options_.log(fmt::format("cannot take the lease: {}", why.what()));
    }
    if (give_up && give_up())
      return failure{failure_kind::locked, "another node holds the lease"};
    std::this_thread::sleep_for(poll_every);
  }
}

bool lease_keeper::body::try_acquire() {
  if (!lock_session()) {
    if (!is_expired())
      return false;
    disconnect_holder();
    if (!lock_session())
      return false;
  }
  bump();
  locked_ = true;
  return true;
}

bool lease_keeper::body::lock_session() {
  return link_.run(fmt::format("select pg_try_advisory_lock({})", lock_of(options_.node))).at(0, 0)
         == "t";
}

bool lease_keeper::body::is_expired() {
  auto row = link_.run("select expires_at < clock_timestamp() from node_lease where node = $1",
                       {options_.node.c_str()});
  return row.rows() == 1 && row.at(0, 0) == "t";
}

void lease_keeper::body::disconnect_holder() {
  if (options_.log)
    options_.log("the holder of the lease is paused: disconnecting it");
  link_.run(
      fmt::format("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' "
                  "and granted and objsubid = 1 and ((classid::bigint << 32) | "
                  "objid::bigint) = {} and pid <> pg_backend_pid()",
                  lock_of(options_.node)));
}

void lease_keeper::body::bump() {
  auto sent = clock_type::now();
  auto ttl = fmt::format("{} milliseconds", options_.ttl.count());
  auto sql = "insert into node_lease (node, epoch, expires_at, holder) values ($1, 1, "
             "clock_timestamp() + $2::interval, $3) on conflict (node) do update set epoch = "
             "node_lease.epoch + 1, expires_at = excluded.expires_at, holder = excluded.holder "
             "returning epoch";
  try {
    auto row = link_.run(sql, {options_.node.c_str(), ttl.c_str(), options_.holder.c_str()});
    epoch_ = static_cast<std::uint64_t>(row.number(0, 0));
  } catch (const sql_failure& why) {
    if (why.state != "55P03")
      throw;
    // An old owner's lanes hold the row: end them. Nothing of theirs is lost that was acknowledged.
    link_.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name like "
              "'carillon lane %' and datname = current_database()");
    throw;
  }
  link_.run("update partition_owner set node = $1 where node is distinct from $1",
            {options_.node.c_str()});
  options_.view->extend(sent + options_.ttl);
}

// -- keeping -----------------------------------------------------------------

void lease_keeper::body::start() {
  thread_ = std::thread{[this] { run(); }};
}

void lease_keeper::body::run() {
  std::unique_lock guard{mutex_};
  auto next = clock_type::now() + options_.renew_every;
  while (!changed_.wait_until(guard, next, [this] { return stopping_; })) {
    guard.unlock();
    bool kept = true;
    bool reached = true;
    try {
      kept = renew_once();
    } catch (const sql_failure& why) {
      reached = false;
      if (!why.lost && options_.log)
        options_.log(fmt::format("cannot renew the lease: {}", why.what()));
    }
    if (!kept) {
      options_.view->extend(clock_type::time_point{});
      if (options_.on_fenced)
        options_.on_fenced();
      return;
    }
    guard.lock();
    next = clock_type::now() + (reached ? options_.renew_every : reconnect_after);
  }
}

/// False: the lease is another's. After a lost connection the session lock is taken again; that it
/// is another's for a moment is no end yet, the row alone decides.
bool lease_keeper::body::renew_once() {
  if (!link_.is_open()) {
    link_.open();
    locked_ = false;
  }
  if (!locked_)
    locked_ = lock_session();
  auto sent = clock_type::now();
  auto sql = fmt::format("update node_lease set expires_at = clock_timestamp() + '{} "
                         "milliseconds' where node = $1 and epoch = {} returning 1",
                         options_.ttl.count(), epoch_);
  if (link_.run(sql, {options_.node.c_str()}).rows() == 0)
    return false;
  options_.view->extend(sent + options_.ttl);
  return true;
}

void lease_keeper::body::stop_thread() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void lease_keeper::body::release() {
  stop_thread();
  if (!link_.is_open())
    return;
  try {
    link_.run(
        fmt::format("update node_lease set expires_at = clock_timestamp() where node = $1 and "
                    "epoch = {}",
                    epoch_),
        {options_.node.c_str()});
  } catch (const sql_failure&) {
    // It runs out by itself.
  }
  options_.view->extend(clock_type::time_point{});
  link_.close();
}

// -- shell -------------------------------------------------------------------

lease_keeper::lease_keeper(lease_options options)
    : body_(std::make_unique<body>(std::move(options))) {}

lease_keeper::~lease_keeper() {
  body_->release();
}

fallible<std::uint64_t> lease_keeper::acquire(const std::function<void()>& standby,
                                              const std::function<bool()>& give_up) {
  return body_->acquire(standby, give_up);
}

void lease_keeper::start() {
  body_->start();
}

void lease_keeper::release() {
  body_->release();
}

} // namespace carillon::persistence
