#include "tests/system/support/load.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace carillon;
using namespace carillon::test;

namespace {

// Runs the daemon with a file of that text until it ends.
struct failed_start {
  std::optional<int> code;
  std::string said;
};
failed_start start_with(const std::string& text, std::vector<std::string> more = {}) {
  harness::work_directory directory;
  const auto file = directory.path() / "carillon.toml";
  std::ofstream{file} << text;
  harness::launch what;
  what.program = harness::program_directory() / "carillond";
  what.arguments = {"--config", file.string()};
  what.arguments.insert(what.arguments.end(), more.begin(), more.end());
  what.environment["CARILLON_DATA_DIR"] = (directory.path() / "data").string();
  what.errors = directory.path() / "errors";
  harness::process daemon{what};
  return {daemon.await_end(20s), harness::tail_of(what.errors)};
}

harness::daemon_options beside(const world& w, const harness::work_directory& where) {
  harness::daemon_options out;
  out.directory = where.path();
  out.provider_url = w.simulator.url();
  return out;
}

} // namespace

TEST_CASE("bad TOML, an unknown key and a bad value end with 2 and say where") {
  const auto broken = start_with("[http\nlisten = 1");
  CHECK(broken.code == 2);
  CHECK_FALSE(broken.said.empty());
  const auto unknown = start_with("[http]\nlissten = \"127.0.0.1:0\"\n");
  CHECK(unknown.code == 2);
  CHECK(unknown.said.find("lissten") != std::string::npos);
  const auto value = start_with("drain_timeout = \"soon\"\n");
  CHECK(value.code == 2);
  CHECK(value.said.find("drain_timeout") != std::string::npos);
}

TEST_CASE("--check-config prints every problem and ends") {
  const auto bad
      = start_with("drain_timeout = \"soon\"\n[http]\nthreads = 0\n", {"--check-config"});
  CHECK(bad.code == 2);
  CHECK(bad.said.find("drain_timeout") != std::string::npos);
  CHECK(bad.said.find("threads") != std::string::npos);
  CHECK(start_with("[http]\nlisten = \"127.0.0.1:0\"\n", {"--check-config"}).code == 0);
}

TEST_CASE("a key file that cannot be used ends with 2") {
  harness::work_directory directory;
  const auto key = directory.path() / "master.key";
  std::ofstream{key} << "short";
  const auto bad = start_with("master_key_file = \"" + key.string()
                              + "\"\n[http]\nlisten = \"127.0.0.1:0\"\n");
  CHECK(bad.code == 2);
  CHECK(bad.said.find("master.key") != std::string::npos);
}

TEST_CASE("a port in use ends with 2") {
  auto& w = shared_world();
  harness::work_directory directory;
  auto options = beside(w, directory);
  options.port = w.daemon.where().port;
  harness::daemon second{options};
  second.launch_only();
  CHECK(second.await_end(20s) == 2);
  CHECK(second.log().find(std::to_string(options.port)) != std::string::npos);
  CHECK_FALSE(harness::postmaster_of(second.data_dir()).has_value());
}

TEST_CASE("a second daemon on the same data directory is refused, and harms the first not") {
  auto& w = shared_world();
  harness::work_directory directory;
  auto options = beside(w, directory);
  options.data_dir = w.daemon.data_dir().string();
  {
    harness::daemon second{options};
    second.launch_only();
    CHECK(second.await_end(20s) == 2);
    CHECK(second.log().find("in use") != std::string::npos);
  }
  const auto ann = w.new_person();
  w.await_status(w.send(w.new_rule(), ann), "delivered");
}

TEST_CASE("SIGTERM drains, ends with 0 and leaves no server") {
  world w;
  const auto ann = w.new_person();
  load::options what;
  what.type = w.new_rule();
  what.people = {ann, w.new_person(), w.new_person()};
  load running{w, what};
  REQUIRE(running.await(200, 20s));
  const auto server = w.daemon.server();
  REQUIRE(server.has_value());
  CHECK(w.daemon.stop(20s) == 0);
  CHECK_FALSE(harness::lives(server->pid));
  w.daemon.start();
  CHECK(running.finish());
  w.acknowledged.merge(running.acknowledged());
  const auto id = w.send(what.type, ann);
  w.await_status(id, "delivered", 30s);
  const bool done = harness::eventually(30s, [&] { return w.ledger().problems.empty(); });
  CHECK(done);
  const auto report = w.ledger();
  CHECK(report.unknown == 0); // a drain leaves no call without its answer
  require_agreement(report);
  CHECK(running.complaints() == std::vector<std::string>{});
}

TEST_CASE("kill -9 leaves no server behind, and the next start goes on") {
  world w;
  const auto ann = w.new_person();
  const auto id = w.send(w.new_rule(), ann);
  w.await_status(id, "delivered");
  const auto server = w.daemon.server();
  REQUIRE(server.has_value());
  w.daemon.kill();
  CHECK(harness::eventually(20s, [&] { return !harness::lives(server->pid); }));
  w.daemon.start();
  CHECK(w.show(id)["status"] == "delivered");
}

TEST_CASE("SIGTERM during the start ends it") {
  harness::work_directory directory;
  harness::daemon_options options;
  options.directory = directory.path();
  harness::daemon early{options};
  early.launch_only();
  harness::eventually(20s, [&] { return harness::postmaster_of(early.data_dir()).has_value(); });
  CHECK(early.stop(20s).has_value());
  const auto text = directory.path().string();
  CHECK(harness::eventually(10s, [&] { return !harness::lives_with(text); }));
}
