#include "persistence/postgres/lease.hpp"

#include "persistence/postgres/link.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto poll_every = 100ms;
constexpr auto reconnect_after = 200ms;
constexpr auto reconnect_time = 500ms; // what a live holder may need to be back

// Bumping waits for the row locks of appends under way; those that would not end are ended first.
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
  const std::string& holder() const {
    return seen_.holder;
  }
  void start();
  void release();

private:
  /// The lease's row as last read.
  struct sight {
    std::string holder;
    std::string expires_at;
    bool free = true; ///< its term is over, or there is no row yet
  };
  enum class renewal { kept, fenced, unreachable };

  void open();
  bool try_acquire();
  bool lock_session();
  bool look();
  bool is_dead();
  void disconnect_holder();
  void end_stale_sessions();
  bool bump();
  void run();
  renewal renew();
  bool renew_once();
  void tell_fenced();
  void stop_thread();
  void log(const std::string& line) const {
    if (options_.log)
      options_.log(line);
  }

  lease_options options_;
  link link_;
  std::uint64_t epoch_ = 0;
  bool locked_ = false;
  sight seen_;
  bool was_open_ = false;
  steady::time_point wait_until_; ///< not taken before
  steady::time_point same_since_; ///< when `seen_.expires_at` was first read
  lease_view::clock_type::time_point renewed_at_;
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

void lease_keeper::body::open() {
  if (link_.is_open())
    return;
  locked_ = false;
  link_.open();
  // A server that was away is back: who held the lease comes back too, and is let go first.
  if (std::exchange(was_open_, true))
    wait_until_ = steady::now() + options_.renew_every + reconnect_time;
}

// -- taking ------------------------------------------------------------------

fallible<std::uint64_t> lease_keeper::body::acquire(const std::function<void()>& standby,
                                                    const std::function<bool()>& give_up) {
  for (std::optional<std::string> told;;) {
    try {
      open();
      if (try_acquire())
        return epoch_;
      if (told != seen_.holder && standby)
        standby();
      told = seen_.holder;
    } catch (const sql_failure& why) {
      if (!why.lost)
        log(fmt::format("cannot take the lease: {}", why.what()));
    }
    if (give_up && give_up())
      return failure{failure_kind::locked, "another node holds the lease"};
    std::this_thread::sleep_for(poll_every);
  }
}

bool lease_keeper::body::try_acquire() {
  if (steady::now() < wait_until_)
    return false;
  if (!locked_)
    locked_ = lock_session();
  bool renewed = look();
  if (locked_ && renewed) {
    // It lives and has only lost its connection: it is to have its lock back.
    link_.run(fmt::format("select pg_advisory_unlock({})", lock_of(options_.node)));
    locked_ = false;
    wait_until_ = steady::now() + options_.renew_every + reconnect_time;
    return false;
  }
  if (!locked_ && seen_.free) {
    disconnect_holder();
    locked_ = lock_session();
  }
  if (!locked_ || !(seen_.free || is_dead()))
    return false;
  end_stale_sessions();
  return bump();
}

bool lease_keeper::body::lock_session() {
  return link_.run(fmt::format("select pg_try_advisory_lock({})", lock_of(options_.node))).at(0, 0)
         == "t";
}

/// Reads the row. True: its holder renewed it since the last look.
bool lease_keeper::body::look() {
  auto row = link_.run("select holder, expires_at, expires_at <= clock_timestamp() from node_lease "
                       "where node = $1",
                       {options_.node.c_str()});
  sight now;
  if (row.rows() == 1)
    now = {std::string{row.at(0, 0)}, std::string{row.at(0, 1)}, row.at(0, 2) == "t"};
  bool changed = now.expires_at != seen_.expires_at;
  bool renewed = changed && !seen_.expires_at.empty() && !now.free;
  if (changed || same_since_ == steady::time_point{})
    same_since_ = steady::now();
  seen_ = std::move(now);
  return renewed;
}

/// With the session lock ours: its holder is gone, or had time to come back.
bool lease_keeper::body::is_dead() {
  if (options_.is_gone && options_.is_gone(seen_.holder))
    return true;
  return steady::now() - same_since_ >= options_.renew_every + reconnect_time;
}

void lease_keeper::body::disconnect_holder() {
  log(fmt::format("{} did not renew the lease in time: disconnecting it", seen_.holder));
  link_.run(
      fmt::format("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' "
                  "and granted and objsubid = 1 and ((classid::bigint << 32) | "
                  "objid::bigint) = {} and pid <> pg_backend_pid()",
                  lock_of(options_.node)));
}

// A paused owner can hold the row's lock in the middle of a copy, where no time-out of the server
// reaches it. Nothing is lost that was acknowledged.
void lease_keeper::body::end_stale_sessions() {
  link_.run("select pg_terminate_backend(pid) from pg_stat_activity where (application_name like "
            "'carillon lane %' or application_name like 'carillon projector %') and datname = "
            "current_database() and usename = current_user");
}

/// False: its holder renewed it in the last moment, or another node was quicker.
bool lease_keeper::body::bump() {
  auto sent = lease_view::clock_type::now();
  auto ttl = fmt::format("{} milliseconds", options_.ttl.count());
  auto sql = "insert into node_lease (node, epoch, expires_at, holder) values ($1, 1, "
             "clock_timestamp() + $2::interval, $3) on conflict (node) do update set epoch = "
             "node_lease.epoch + 1, expires_at = excluded.expires_at, holder = excluded.holder "
             "where node_lease.expires_at = nullif($4, '')::timestamptz returning epoch";
  auto row = link_.run(
      sql, {options_.node.c_str(), ttl.c_str(), options_.holder.c_str(), seen_.expires_at.c_str()});
  if (row.rows() == 0)
    return false;
  epoch_ = static_cast<std::uint64_t>(row.number(0, 0));
  link_.run("update partition_owner set node = $1 where node is distinct from $1",
            {options_.node.c_str()});
  renewed_at_ = sent;
  options_.view->extend(sent + options_.ttl);
  log(seen_.holder.empty() ? "taken for the first time"
                           : fmt::format("taken over from {}", seen_.holder));
  return true;
}

// -- keeping -----------------------------------------------------------------

void lease_keeper::body::start() {
  thread_ = std::thread{[this] { run(); }};
}

void lease_keeper::body::run() {
  std::unique_lock guard{mutex_};
  auto next = steady::now() + options_.renew_every;
  while (!changed_.wait_until(guard, next, [this] { return stopping_; })) {
    guard.unlock();
    auto result = renew();
    if (result == renewal::fenced)
      return tell_fenced();
    guard.lock();
    next = steady::now() + (result == renewal::kept ? options_.renew_every : reconnect_after);
  }
}

/// A connection that is gone is made anew at once: who was paused is to learn quickly that his
/// lease is another's.
lease_keeper::body::renewal lease_keeper::body::renew() {
  for (bool again : {true, false}) {
    try {
      return renew_once() ? renewal::kept : renewal::fenced;
    } catch (const sql_failure& why) {
      if (!why.lost)
        log(fmt::format("cannot renew the lease: {}", why.what()));
      if (!why.lost || !again)
        break;
    }
  }
  return renewal::unreachable;
}

/// False: the lease is another's. After a lost connection the session lock is taken again; that it
/// is another's for a moment is no end yet, the row alone decides.
bool lease_keeper::body::renew_once() {
  open();
  if (!locked_)
    locked_ = lock_session();
  auto sent = lease_view::clock_type::now();
  auto sql = fmt::format("update node_lease set expires_at = clock_timestamp() + '{} "
                         "milliseconds' where node = $1 and epoch = {} returning 1",
                         options_.ttl.count(), epoch_);
  if (link_.run(sql, {options_.node.c_str()}).rows() == 0)
    return false;
  renewed_at_ = sent;
  options_.view->extend(sent + options_.ttl);
  return true;
}

void lease_keeper::body::tell_fenced() {
  options_.view->extend(lease_view::clock_type::time_point{});
  auto silent = std::chrono::duration<double>(lease_view::clock_type::now() - renewed_at_);
  std::string holder = "another node";
  try {
    look();
    holder = seen_.holder;
  } catch (const sql_failure&) {
    // Then without its name.
  }
  log(fmt::format("lost to {}: this node had not renewed it for {:.1f} s", holder, silent.count()));
  if (options_.on_fenced)
    options_.on_fenced();
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
  options_.view->extend(lease_view::clock_type::time_point{});
  if (!link_.is_open())
    return;
  try {
    // In one statement: nobody sees a lease that is free and a lock that is not.
    link_.run(fmt::format("with given as (update node_lease set expires_at = clock_timestamp() "
                          "where node = $1 and epoch = {} returning 1) select "
                          "pg_advisory_unlock({}) from given",
                          epoch_, lock_of(options_.node)),
              {options_.node.c_str()});
  } catch (const sql_failure&) {
    // It runs out by itself.
  }
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

const std::string& lease_keeper::holder() const {
  return body_->holder();
}

void lease_keeper::start() {
  body_->start();
}

void lease_keeper::release() {
  body_->release();
}

} // namespace carillon::persistence
