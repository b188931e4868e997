#include "tests/providers/peer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::test {

namespace {

// Tests run in the source tree or below it.
std::filesystem::path peers_directory() {
  for (auto at = std::filesystem::current_path();; at = at.parent_path()) {
    if (std::filesystem::exists(at / "tests/peers/package.json"))
      return at / "tests/peers";
    if (at == at.parent_path())
      FAIL("tests/peers is not above the working directory");
  }
}

} // namespace

peer::peer(const std::string& script, const std::vector<std::string>& arguments) {
  const auto directory = peers_directory();
  if (!std::filesystem::exists(directory / "node_modules"))
    FAIL("the npm packages of tests/peers are missing: run `make setup`");
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  REQUIRE(pipe2(in.data(), O_CLOEXEC) == 0);
  REQUIRE(pipe2(out.data(), O_CLOEXEC) == 0);
  std::vector<std::string> words{"node", (directory / script).string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execvp("node", argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = in[1];
  from_ = out[0];
}

peer::~peer() {
  close(to_);
  close(from_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

nlohmann::json peer::ask(const nlohmann::json& question) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto line = question.dump() + "\n";
  if (write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    FAIL("the peer has ended; is node (18 or later) installed? run `make setup`");
  return hear();
}

nlohmann::json peer::hear() {
  while (buffer_.find('\n') == std::string::npos) {
    pollfd ready{from_, POLLIN, 0};
    std::array<char, 4096> bytes;
    if (poll(&ready, 1, 20'000) <= 0)
      break;
    const auto n = read(from_, bytes.data(), bytes.size());
    if (n <= 0)
      break;
    buffer_.append(bytes.data(), static_cast<std::size_t>(n));
  }
  const auto end = buffer_.find('\n');
  if (end == std::string::npos)
    FAIL("the peer gave no answer; is node (18 or later) installed? run `make setup`");
  const auto answer = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return nlohmann::json::parse(answer);
}

} // namespace carillon::test
