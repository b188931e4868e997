#include "tests/bench/node_peer.hpp"

#include "tests/bench/figures.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <unistd.h>

namespace carillon::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// Along PATH; empty if there is none.
fs::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream in(path != nullptr ? path : "");
  for (std::string directory; std::getline(in, directory, ':');)
    if (const auto file = fs::path{directory} / name; ::access(file.c_str(), X_OK) == 0)
      return file;
  return {};
}

std::unique_ptr<persistence::embedded_server> start_database(const fs::path& where) {
  persistence::embedded_options options;
  options.data_dir = where / "database";
  auto started = persistence::embedded_server::start(std::move(options));
  if (!started)
    throw harness::failure(started.error().text);
  return std::move(*started);
}

} // namespace

peer_cost operator-(const peer_cost& a, const peer_cost& b) {
  return {a.api - b.api,           a.worker - b.worker,       a.redis - b.redis,
          a.postgres - b.postgres, a.simulator - b.simulator, a.generator - b.generator};
}

std::string node_peer::missing(const fs::path& scripts) {
  std::string out;
  if (find_program("node").empty())
    out += " nodejs";
  if (find_program("redis-server").empty())
    out += " redis-server";
  if (!fs::exists(scripts / "node_modules"))
    out += " the packages of " + scripts.string();
  return out.empty() ? out : "not installed (scripts/bench-peers.sh does it):" + out;
}

node_peer::node_peer(const fs::path& scripts, unsigned recipients, unsigned concurrency)
    : simulator_(directory_.path(), {"--no-callbacks"}),
      database_(start_database(directory_.path())) {
  environment_ = {{"PEER_REDIS", (directory_.path() / "redis.sock").string()},
                  {"PEER_PROVIDER", simulator_.url()},
                  {"PEER_CONCURRENCY", std::to_string(concurrency)},
                  {"PEER_PGHOST", database_->place().socket.string()},
                  {"PEER_PGUSER", "carillon"},
                  {"PEER_PGDATABASE", "carillon"},
                  {"PEER_RECIPIENTS", std::to_string(recipients)},
                  {"NODE_ENV", "production"}};
  start_redis();
  const auto script = [&](const char* name) { return fs::absolute(scripts / name).string(); };
  if (start("node", {script("schema.mjs")})->await_end(30s) != 0)
    throw harness::failure("the peer's schema: "
                           + harness::tail_of(directory_.path() / "peer.log"));
  worker_ = start("node", {script("worker.mjs")});
  await_ready(*worker_, "worker");
  api_ = start("node", {script("api.mjs")});
  const auto line = await_ready(*api_, "api");
  at_ = harness::parse_endpoint(std::string_view{line}.substr(line.find("http=") + 5));
}

// As a queue's Redis is run: an append-only file, synced each second; nothing is evicted.
void node_peer::start_redis() {
  const auto socket = environment_.at("PEER_REDIS");
  redis_
      = start("redis-server", {"--port", "0", "--unixsocket", socket, "--dir",
                               directory_.path().string(), "--appendonly", "yes", "--appendfsync",
                               "everysec", "--save", "", "--maxmemory-policy", "noeviction"});
  if (!harness::eventually(10s, [&] { return fs::exists(socket); }))
    throw harness::failure("redis-server does not start");
}

std::unique_ptr<harness::process> node_peer::start(const std::string& program,
                                                   std::vector<std::string> arguments) {
  harness::launch what;
  what.program = find_program(program);
  what.arguments = std::move(arguments);
  what.environment = environment_;
  what.errors = directory_.path() / "peer.log";
  return std::make_unique<harness::process>(what);
}

std::string node_peer::await_ready(harness::process& program, const std::string& name) const {
  const auto line = program.read_line(20s);
  if (!line || !line->starts_with("peer ready"))
    throw harness::failure("the peer's " + name + " does not start: "
                           + harness::tail_of(directory_.path() / "peer.log"));
  return *line;
}

peer_cost node_peer::used() const {
  peer_cost out;
  out.api = harness::usage_of(api_->pid()).cpu;
  out.worker = harness::usage_of(worker_->pid()).cpu;
  out.redis = harness::usage_of(redis_->pid()).cpu;
  out.postgres = harness::usage_of_tree(database_->pid()).cpu;
  out.simulator = harness::usage_of(simulator_.pid()).cpu;
  out.generator = own_cpu();
  return out;
}

std::uint64_t node_peer::api_kib() const {
  return harness::usage_of(api_->pid()).memory_kib;
}
std::uint64_t node_peer::worker_kib() const {
  return harness::usage_of(worker_->pid()).memory_kib;
}
std::uint64_t node_peer::redis_kib() const {
  return harness::usage_of(redis_->pid()).memory_kib;
}
std::uint64_t node_peer::postgres_kib() const {
  return harness::usage_of_tree(database_->pid()).memory_kib;
}

} // namespace carillon::bench
