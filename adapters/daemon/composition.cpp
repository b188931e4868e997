#include "adapters/daemon/composition.hpp"

#include "adapters/daemon/disk_watch.hpp"
#include "adapters/daemon/edge.hpp"
#include "adapters/daemon/engine.hpp"
#include "adapters/daemon/journal_part.hpp"
#include "adapters/daemon/outlets.hpp"
#include "adapters/daemon/storage.hpp"
#include "adapters/daemon/wall_clock.hpp"
#include "persistence/sealing/aes_sealer.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/logger.hpp>
#include <caf/thread_hook.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include <unistd.h>

namespace carillon::daemon {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Nobody reads the actor system's own log, and still each of its threads would look up, for every
/// message, which actor it is about.
class silent_threads : public caf::thread_hook {
public:
  void init(caf::actor_system&) override {}
  void thread_started() override {
    caf::logger::set_current_actor_system(nullptr);
  }
  void thread_terminates() override {}
};

class system_config : public caf::actor_system_config {
public:
  explicit system_config(const settings& with) {
    auto cores = std::max<std::size_t>(std::thread::hardware_concurrency(), 2);
    set("scheduler.max-threads", with.workers > 0 ? std::size_t{with.workers} : cores);
    // Workers that steal poll for work, which costs a tenth of the CPU under load and never stops
    // when idle; those that share one queue sleep on it.
    set("scheduler.policy", caf::atom("sharing"));
    add_thread_hook<silent_threads>();
  }
};

std::string public_url_of(const settings& with, std::uint16_t port) {
  if (!with.http.public_url.empty())
    return with.http.public_url;
  auto scheme = with.http.tls_cert.empty() ? "http://" : "https://";
  return scheme + endpoint_of(with.http.listen.host, port);
}

} // namespace

/// In the order of their start; the compiler ends them in the reverse order.
struct node::parts {
  parts(settings how, node_keys secrets, reserved_port where, stop_signal& signals,
        std::function<void()> on_standby)
      : with(std::move(how)), keys(std::move(secrets)), port(std::move(where)), stop(signals),
        standby(std::move(on_standby)), seal(keys.master),
        time(with.clock_offset_file, [this] { working->clock_jumped(); }), config(with) {}

  std::optional<start_failure> start();
  std::optional<start_failure> start_journal();
  void start_engine();
  void watch_disk();
  void end(int code);
  void stop_all(milliseconds limit);

  settings with;
  node_keys keys;
  reserved_port port;
  stop_signal& stop;
  std::function<void()> standby;
  std::unique_ptr<standby_edge> waiting;
  std::shared_ptr<metrics> numbers = std::make_shared<metrics>();
  catalogue_cell cell;
  persistence::aes_sealer seal;
  wall_clock time;
  system_config config;
  storage store;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<journal_part> journal;
  std::unique_ptr<outlets> out;
  std::unique_ptr<engine> working;
  std::unique_ptr<edge> in;
  std::unique_ptr<disk_watch> disk;
};

std::optional<start_failure> node::parts::start() {
  auto opened = open_storage(with, seal.fingerprint());
  if (auto* failure = std::get_if<start_failure>(&opened))
    return *failure;
  store = std::get<storage>(std::move(opened));
  system = std::make_unique<caf::actor_system>(config);
  if (auto failure = start_journal())
    return failure;
  start_engine();
  if (auto failure = working->load_catalogue(with.catalogue_dir))
    return failure;
  edge_neighbours around{
      system.get(),   working->intake(),     journal->store(), working->catalog(),
      working->hub(), working->supervisor(), out->providers(), &time,
      numbers,        journal->lease()};
  waiting.reset(); // the port is free from here to the line after the next
  in = std::make_unique<edge>(with, keys, port.port(), public_url_of(with, port.port()), around);
  if (auto failure = in->start())
    return failure;
  time.watch();
  watch_disk();
  return working->replay();
}

std::optional<start_failure> node::parts::start_journal() {
  journal_part::hooks hooks;
  hooks.standby = [this](const std::string& holder) {
    if (!waiting) {
      waiting = std::make_unique<standby_edge>(with, port.port());
      standby();
    }
    waiting->set_holder(holder);
  };
  hooks.give_up = [] { return false; }; // a signal ends the process while it waits
  hooks.fenced = [this] { end(fenced); };
  journal = std::make_unique<journal_part>(*system, store, with, time, numbers);
  return journal->start(hooks);
}

/// A node that lost its lease has nothing left to finish: whatever it could still do, its successor
/// does, or it would be wrong. And a crash loses nothing.
void node::parts::end(int code) {
  if (code != fenced)
    return stop.request(code);
  static std::once_flag told;
  std::call_once(told, [] {
    spdlog::critical("another node took over the lease: this one calls no provider and writes "
                     "nothing any more, and ends with {}",
                     static_cast<int>(fenced));
    spdlog::default_logger_raw()->flush();
    ::_exit(fenced);
  });
}

void node::parts::start_engine() {
  out = std::make_unique<outlets>(*system, with, time, public_url_of(with, port.port()),
                                  journal->lease(), *numbers);
  engine_neighbours around;
  around.system = system.get();
  around.with = &with;
  around.journal = journal.get();
  around.senders = out->senders();
  around.time = &time;
  around.seal = &seal;
  around.cell = &cell;
  around.numbers = numbers;
  around.end = [this](exit_code code) { end(code); };
  working = std::make_unique<engine>(std::move(around));
}

/// Only where the database is on our disk.
void node::parts::watch_disk() {
  if (!store.server || with.budget.disk_min_free == 0)
    return;
  auto look = [where = store.server->place().cluster] {
    std::error_code error;
    auto space = std::filesystem::space(where, error);
    return error ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{space.available};
  };
  disk = std::make_unique<disk_watch>(
      with.budget.disk_min_free, look,
      [this](const journal_health& health) { journal->listeners().tell(health); });
}

void node::parts::stop_all(milliseconds limit) {
  disk.reset();
  time.rest();
  waiting.reset();
  if (in)
    in->stop(limit / 4);
  if (working)
    working->stop(limit / 2);
  if (out)
    out->stop(limit / 8);
  if (journal)
    journal->stop();
  in.reset();
  working.reset();
  out.reset();
  journal.reset();
  system.reset(); // waits for the last actor
  store.server.reset();
}

node::node(settings with, node_keys keys, reserved_port port, stop_signal& stop,
           std::function<void()> standby)
    : parts_(std::make_unique<parts>(std::move(with), std::move(keys), std::move(port), stop,
                                     std::move(standby))) {}

node::~node() {
  stop(milliseconds{0});
}

std::optional<start_failure> node::start() {
  return parts_->start();
}

std::string node::endpoint() const {
  return endpoint_of(parts_->with.http.listen.host, parts_->port.port());
}

void node::stop(duration limit) {
  parts_->stop_all(duration_cast<milliseconds>(limit));
}

} // namespace carillon::daemon
