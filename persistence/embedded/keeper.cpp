#include "persistence/embedded/keeper.hpp"

#include "persistence/embedded/leftovers.hpp"
#include "persistence/embedded/settings.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include <sys/wait.h>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

constexpr auto first_backoff = 100ms;
constexpr auto longest_backoff = 5000ms;
constexpr auto leftover_patience = 10s;
// A server that ran this long was healthy: the next failure starts from the first backoff.
constexpr auto healthy_after = 60s;

std::string describe_status(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("killed by signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

} // namespace

embedded_server::keeper::keeper(embedded_options options, account who, layout place,
                                directory_lock lock)
    : options_(std::move(options)), who_(std::move(who)), place_(std::move(place)),
      lock_(std::move(lock)) {}

embedded_server::keeper::~keeper() {
  stop();
}

void embedded_server::keeper::say(std::string_view line) const {
  if (options_.log)
    options_.log(line);
}

std::string embedded_server::keeper::url(std::string_view database) const {
  return fmt::format("host={} port={} user=carillon dbname={}", place_.socket.string(), socket_port,
                     database);
}

program embedded_server::keeper::server_program() const {
  program result;
  result.command = server_command(options_.programs, place_, options_.settings);
  result.directory = place_.cluster;
  result.output = place_.log;
  result.death_signal = SIGINT;
  return result;
}

attempt embedded_server::keeper::launch() {
  if (!await_leftovers(place_.cluster, leftover_patience))
    return failure{failure_kind::start,
                   "an earlier server on " + place_.cluster.string() + " does not end"};
  drop_stale_pid_file(place_.cluster);
  {
    std::lock_guard guard{mutex_};
    finished_ = false;
  }
  thread_ = std::thread{[this] { run(); }};
  auto deadline = std::chrono::steady_clock::now() + options_.start_timeout;
  while (!await_ready(200ms)) {
    if (started_and_died())
      return failure{failure_kind::start, "PostgreSQL ended at start: " + last_line_of(place_.log)};
    if (std::chrono::steady_clock::now() > deadline)
      return failure{failure_kind::start,
                     "PostgreSQL was not ready in time: " + last_line_of(place_.log)};
  }
  return done{};
}

bool embedded_server::keeper::started_and_died() const {
  std::lock_guard guard{mutex_};
  return starts_ > 1 || finished_;
}

void embedded_server::keeper::run() {
  auto backoff = std::chrono::milliseconds{first_backoff};
  std::unique_lock guard{mutex_};
  while (!stopping_) {
    guard.unlock();
    auto began = std::chrono::steady_clock::now();
    run_once();
    if (std::chrono::steady_clock::now() - began > healthy_after)
      backoff = first_backoff;
    guard.lock();
    if (stopping_ || changed_.wait_for(guard, backoff, [this] { return stopping_; }))
      break;
    backoff = std::min<std::chrono::milliseconds>(backoff * 2, longest_backoff);
    guard.unlock();
    await_leftovers(place_.cluster, leftover_patience);
    drop_stale_pid_file(place_.cluster);
    guard.lock();
  }
  finished_ = true;
  changed_.notify_all();
}

void embedded_server::keeper::run_once() {
  pid_t child = -1;
  {
    std::lock_guard guard{mutex_};
    if (stopping_)
      return;
    child = spawn_as(who_, server_program());
    if (child > 0)
      child_ = child;
    ++starts_;
    changed_.notify_all();
  }
  if (child < 0) {
    say(fmt::format("cannot start PostgreSQL: {}", std::strerror(errno)));
    return;
  }
  // Look without reaping, so that nobody signals a number that the kernel gave to somebody else.
  siginfo_t info;
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
    ;
  std::lock_guard guard{mutex_};
  int status = wait_for(child);
  child_ = -1;
  changed_.notify_all();
  if (!stopping_)
    say(fmt::format("PostgreSQL ended ({}), starting it again", describe_status(status)));
}

bool embedded_server::keeper::await_end(std::chrono::milliseconds timeout) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, timeout, [this] { return finished_; });
}

void embedded_server::keeper::kill(int signal) {
  std::lock_guard guard{mutex_};
  if (child_ > 0)
    ::kill(child_, signal);
}

pid_t embedded_server::keeper::pid() const {
  std::lock_guard guard{mutex_};
  return child_;
}

void embedded_server::keeper::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (!thread_.joinable())
    return;
  kill(SIGINT);
  if (!await_end(options_.stop_timeout)) {
    say("PostgreSQL does not stop in time, stopping it at once");
    kill(SIGQUIT);
    if (!await_end(options_.stop_timeout))
      kill(SIGKILL);
  }
  thread_.join();
  if (place_.socket != place_.root / "run") {
    std::error_code ignored;
    std::filesystem::remove(place_.socket, ignored);
  }
}

bool embedded_server::keeper::await_ready(std::chrono::milliseconds timeout) const {
  auto deadline = std::chrono::steady_clock::now() + timeout;
  auto address = url("postgres");
  for (;;) {
    if (pid() > 0 && PQping(address.c_str()) == PQPING_OK)
      return true;
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(10ms);
  }
}

} // namespace carillon::persistence
