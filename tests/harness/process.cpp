#include "tests/harness/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::harness {

namespace {

std::vector<std::string> environment_of(const launch& what) {
  std::map<std::string, std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text{*each};
    const auto name = text.substr(0, text.find('='));
    if (!name.starts_with("CARILLON_"))
      all.emplace(name, text.substr(std::min(name.size() + 1, text.size())));
  }
  for (const auto& [name, value] : what.environment)
    all.insert_or_assign(name, value);
  std::vector<std::string> result;
  for (const auto& [name, value] : all)
    result.push_back(name + '=' + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Between fork and exec of a threaded process: system calls only.
[[noreturn]] void run_child(char** arguments, char** environment, int output, const char* errors,
                            pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(125);
  ::setpgid(0, 0);
  if (errors[0] != '\0') {
    const int file = ::open(errors, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    ::dup2(file, STDERR_FILENO);
  }
  ::dup2(output, STDOUT_FILENO);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

} // namespace

process::process(const launch& what) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw failure("pipe: " + std::string{std::strerror(errno)});
  auto command = what.arguments;
  command.insert(command.begin(), what.program.string());
  auto environment = environment_of(what);
  auto arguments = pointers(command);
  auto variables = pointers(environment);
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    run_child(arguments.data(), variables.data(), ends[1], what.errors.c_str(), parent);
  ::close(ends[1]);
  output_ = ends[0];
  if (pid_ < 0)
    throw failure("fork: " + std::string{std::strerror(errno)});
  handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U));
}

process::~process() {
  kill();
  ::close(output_);
  ::close(handle_);
}

std::optional<std::string> process::read_line(milliseconds bound) {
  const deadline by{bound};
  for (;;) {
    if (auto end = pending_.find('\n'); end != std::string::npos) {
      auto line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    char some[512];
    if (!await_readable(output_, by))
      return std::nullopt;
    const auto n = ::read(output_, some, sizeof some);
    if (n <= 0)
      return std::nullopt;
    pending_.append(some, static_cast<std::size_t>(n));
  }
}

void process::signal(int number) {
  if (!ended_)
    ::kill(pid_, number);
}

void process::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR)
    ;
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<int> process::await_end(milliseconds bound) {
  if (!ended_ && await_readable(handle_, deadline{bound}))
    reap();
  return ended_;
}

void process::kill() {
  if (ended_)
    return;
  signal(SIGKILL);
  reap();
}

std::filesystem::path program_directory() {
  if (const char* named = std::getenv("CARILLON_BIN"))
    return named;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

std::string tail_of(const std::filesystem::path& file, std::size_t lines) {
  std::ifstream in{file};
  std::deque<std::string> last;
  for (std::string line; std::getline(in, line);) {
    last.push_back(std::move(line));
    if (last.size() > lines)
      last.pop_front();
  }
  std::string result;
  for (const auto& line : last)
    result += line + '\n';
  return result;
}

} // namespace carillon::harness
