#include "persistence/embedded/account.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::persistence {

namespace {

// Between fork and exec of a threaded process only system calls are safe: hence the raw ones, and
// everything that allocates is prepared by the parent.
bool become(const account& who) {
  if (!who.switch_user)
    return true;
  return ::syscall(SYS_setgroups, who.groups.size(), who.groups.data()) == 0
         && ::syscall(SYS_setresgid, who.group, who.group, who.group) == 0
         && ::syscall(SYS_setresuid, who.user, who.user, who.user) == 0;
}

// A daemon blocks and ignores signals; exec would hand that down and the server could not be
// stopped.
void default_signals() {
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM})
    ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool redirect_output(const char* file) {
  int in = ::open("/dev/null", O_RDONLY);
  int out = ::open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  return in >= 0 && out >= 0 && ::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(out, 2) >= 0;
}

struct prepared {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* directory;
  const char* output;
};

[[noreturn]] void run_child(const account& who, const prepared& what, int death_signal,
                            pid_t parent) {
  ::setsid(); // a Ctrl-C at the terminal is for the daemon, which then stops the server itself
  default_signals();
  if (!become(who))
    ::_exit(125);
  // After the change of user, which would clear it; the parent may have died before.
  if (death_signal != 0 && (::prctl(PR_SET_PDEATHSIG, death_signal) != 0 || ::getppid() != parent))
    ::_exit(125);
  if (::chdir(what.directory) != 0 || !redirect_output(what.output))
    ::_exit(126);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::umask(0077);
  ::execve(what.arguments[0], what.arguments.data(), what.environment.data());
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

} // namespace

fallible<account> server_account() {
  account result;
  result.user = ::geteuid();
  result.group = ::getegid();
  if (result.user != 0)
    return result;
  const passwd* entry = ::getpwnam("postgres");
  if (entry == nullptr)
    return failure{failure_kind::no_account,
                   "embedded PostgreSQL does not run as root and there is no user 'postgres': "
                   "install postgresql, start as another user, or set CARILLON_DATABASE_URL"};
  result.switch_user = true;
  result.user = entry->pw_uid;
  result.group = entry->pw_gid;
  int count = 64;
  result.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist("postgres", result.group, result.groups.data(), &count) < 0)
    count = 64;
  result.groups.resize(static_cast<std::size_t>(count));
  return result;
}

pid_t spawn_as(const account& who, const program& what) {
  auto command = what.command;
  std::vector<std::string> environment{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC",
                                       "PGSYSCONFDIR=/nonexistent"};
  prepared ready{pointers(command), pointers(environment), what.directory.c_str(),
                 what.output.c_str()};
  auto parent = ::getpid();
  pid_t child = ::fork();
  if (child == 0)
    run_child(who, ready, what.death_signal, parent);
  return child;
}

bool can_write(const account& who, const std::filesystem::path& directory) {
  const char* path = directory.c_str();
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(become(who) && ::access(path, R_OK | W_OK | X_OK) == 0 ? 0 : 1);
  return child > 0 && wait_for(child) == 0;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return -1;
  return status;
}

} // namespace carillon::persistence
