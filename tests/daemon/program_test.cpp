#include "tests/harness/daemon.hpp"
#include "tests/harness/process.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace carillon;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string content(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

struct ending {
  int code = -1;
  std::string errors;
};

/// carillond with a configuration and data directory of its own.
class workbench {
public:
  harness::launch command(const std::string& toml, std::vector<std::string> more = {}) {
    auto file = here_.path() / "carillon.toml";
    std::ofstream{file} << "data_dir = \"" << data().string() << "\"\n" << toml;
    harness::launch what;
    what.program = harness::program_directory() / "carillond";
    what.arguments = {"--config", file.string()};
    what.arguments.insert(what.arguments.end(), more.begin(), more.end());
    what.errors = errors();
    return what;
  }

  ending run(const std::string& toml, std::vector<std::string> more = {}) {
    harness::process child{command(toml, std::move(more))};
    auto code = child.await_end(30s);
    return {code.value_or(-1), content(errors())};
  }

  [[nodiscard]] fs::path data() const {
    return here_.path() / "data";
  }
  [[nodiscard]] fs::path errors() const {
    return here_.path() / "errors";
  }

private:
  harness::work_directory here_;
};

const std::string any_port = "[http]\nlisten = \"127.0.0.1:0\"\n";

} // namespace

TEST_CASE("--check-config prints every problem and ends with 2") {
  workbench bench;
  auto result = bench.run("[http]\nlisten = \"x\"\nlimit = 1\n", {"--check-config"});
  CHECK(result.code == 2);
  CHECK(holds(result.errors, "carillon.toml:3: http.listen: must be host:port"));
  CHECK(holds(result.errors, "http.limit: is not a known key"));
  CHECK_FALSE(fs::exists(bench.data()));
}

TEST_CASE("--check-config of a sound file ends with 0 and starts nothing") {
  workbench bench;
  CHECK(bench.run(any_port, {"--check-config"}).code == 0);
  CHECK_FALSE(fs::exists(bench.data()));
}

TEST_CASE("a port in use is one clear line and exit code 2, before a database is made") {
  workbench bench;
  harness::process listener{
      {harness::program_directory() / "carillon-sim", {}, {}, bench.errors()}};
  auto line = listener.read_line(10s);
  REQUIRE(line);
  auto address = line->substr(line->find("http=") + 5);
  auto result = bench.run("[http]\nlisten = \"" + address + "\"\n");
  CHECK(result.code == 2);
  CHECK(holds(result.errors,
              "carillond: cannot listen on " + address + ": another program listens there"));
  CHECK_FALSE(fs::exists(bench.data() / "postgres"));
}

TEST_CASE("an unreadable master key is one clear line and exit code 2") {
  workbench bench;
  fs::create_directories(bench.data());
  std::ofstream{bench.data() / "master.key"} << "short";
  auto result = bench.run(any_port);
  CHECK(result.code == 2);
  CHECK(holds(result.errors, "master.key"));
}

TEST_CASE("a database that cannot be reached ends with 3 after its time") {
  workbench bench;
  auto result = bench.run(
      any_port + "[database]\nurl = \"postgresql://127.0.0.1:1/x\"\nstart_timeout = \"500ms\"\n");
  CHECK(result.code == 3);
}

TEST_CASE("a signal during the start ends the daemon") {
  workbench bench;
  harness::process child{bench.command(
      any_port + "[database]\nurl = \"postgresql://127.0.0.1:1/x\"\nstart_timeout = \"60s\"\n")};
  REQUIRE(harness::eventually(10s, [&] { return fs::exists(bench.data() / "bootstrap.key"); }));
  child.signal(SIGTERM);
  CHECK(child.await_end(5s) == 0);
}

TEST_CASE("a daemon serves, drains on SIGTERM, and leaves no server behind") {
  workbench bench;
  harness::process child{bench.command(any_port)};
  auto line = child.read_line(60s);
  REQUIRE(line);
  CHECK(line->starts_with("carillond ready http=127.0.0.1:"));
  SECTION("a second daemon on the same data directory is refused") {
    auto second = bench.run(any_port);
    CHECK(second.code == 2);
    CHECK(holds(second.errors, "carillond: "));
  }
  child.signal(SIGTERM);
  CHECK(child.await_end(15s) == 0);
  CHECK_FALSE(fs::exists(bench.data() / "postgres" / "cluster" / "postmaster.pid"));
}
