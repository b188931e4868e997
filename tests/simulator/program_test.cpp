// The program itself: what it prints, how it ends.
#include "tests/simulator/client.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace carillon::test;

namespace {

/// carillon-sim as a child process with its standard output and error in one pipe.
class program {
public:
  explicit program(std::vector<std::string> arguments) {
    std::array<int, 2> out{};
    REQUIRE(pipe2(out.data(), O_CLOEXEC) == 0);
    const auto* bin = std::getenv("CARILLON_BIN");
    arguments.insert(arguments.begin(),
                     std::string{bin != nullptr ? bin : "build/dev/bin"} + "/carillon-sim");
    std::vector<char*> argv;
    for (auto& a : arguments)
      argv.push_back(a.data());
    argv.push_back(nullptr);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      dup2(out[1], STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(out[1]);
    from_ = out[0];
  }

  ~program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(from_);
  }

  std::string line() {
    std::string out;
    for (char c = 0; read(from_, &c, 1) == 1 && c != '\n';)
      out += c;
    return out;
  }

  int end(int signal = 0) {
    if (signal != 0)
      kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  pid_t pid_ = -1;
  int from_ = -1;
};

std::string address_of(const std::string& ready) {
  const std::string start = "carillon-sim ready http=";
  REQUIRE(ready.substr(0, start.size()) == start);
  return ready.substr(start.size());
}

} // namespace

TEST_CASE("carillon-sim says where it listens, serves, and ends on either signal with 0") {
  for (const int signal : {SIGTERM, SIGINT}) {
    program sim{{"--listen", "127.0.0.1:0", "--die-with-parent"}};
    const auto address = address_of(sim.line());
    CHECK(ask(address, "GET", "/livez").status == 200);
    CHECK(sim.end(signal) == 0);
  }
}

TEST_CASE("A taken port, a remote address and nonsense are one clear line and exit code 2") {
  program first{{}};
  const auto taken = address_of(first.line());
  for (const auto& listen :
       {taken, std::string{"0.0.0.0:0"}, std::string{"here"}, std::string{"127.0.0.1:99999"}}) {
    program second{{"--listen", listen}};
    CHECK(second.line().substr(0, 14) == "carillon-sim: ");
    CHECK(second.end() == 2);
  }
}

TEST_CASE("Without callbacks none are sent unless a script asks") {
  program sim{{"--no-callbacks"}};
  const auto address = address_of(sim.line());
  send_sms(address,
           "To=%2B15550001111&From=%2B15550009999&Body=x&StatusCallback=http%3A%2F%2Fx.example%2F");
  CHECK(ask(address, "GET", "/_sim/stats").json().at("callbacks").at("dropped") == 0);
}
