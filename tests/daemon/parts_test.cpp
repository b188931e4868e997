#include "adapters/daemon/disk_watch.hpp"
#include "adapters/daemon/exit_code.hpp"
#include "adapters/daemon/keys.hpp"
#include "adapters/daemon/metrics_page.hpp"
#include "adapters/daemon/options.hpp"
#include "adapters/daemon/reserved_port.hpp"
#include "adapters/daemon/wall_clock.hpp"
#include "tests/support/postgres_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::daemon;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Counts calls and waits for them.
class bell {
public:
  void ring() {
    std::lock_guard guard{mutex_};
    ++rings_;
    changed_.notify_all();
  }
  bool await(int rings) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, 5s, [&] { return rings_ >= rings; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int rings_ = 0;
};

} // namespace

TEST_CASE("the command line knows a file, a check, a version and nothing else") {
  std::ostringstream out;
  std::ostringstream err;
  int code = -1;
  auto given = read_options({"--config", "a.toml", "--check-config"}, out, err, code);
  REQUIRE(given);
  CHECK(given->config == "a.toml");
  CHECK(given->check_config);
  CHECK_FALSE(read_options({"--version"}, out, err, code));
  CHECK(code == 0);
  CHECK(holds(out.str(), "carillond 0."));
  CHECK_FALSE(read_options({"--nonsense"}, out, err, code));
  CHECK(code == bad_configuration);
}

TEST_CASE("a port in use is found without a server, and port 0 becomes a number") {
  auto first = reserved_port::take({"127.0.0.1", 0});
  REQUIRE(std::holds_alternative<reserved_port>(first));
  auto port = std::get<reserved_port>(first).port();
  CHECK(port != 0);

  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  socklen_t size = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  auto second = reserved_port::take({"127.0.0.1", ntohs(address.sin_port)});
  ::close(listener);
  REQUIRE(std::holds_alternative<start_failure>(second));
  CHECK(std::get<start_failure>(second).code == bad_configuration);
  CHECK(holds(std::get<start_failure>(second).text, "another program listens there"));
}

TEST_CASE("keys are made once, for their owner only, and read again") {
  test::temporary_directory here;
  settings values;
  values.data_dir = here.path() / "var";
  auto first = load_keys(values);
  REQUIRE(std::holds_alternative<node_keys>(first));
  auto again = load_keys(values);
  REQUIRE(std::holds_alternative<node_keys>(again));
  CHECK(std::get<node_keys>(first).bootstrap == std::get<node_keys>(again).bootstrap);
  CHECK(std::get<node_keys>(first).token_secret == std::get<node_keys>(again).token_secret);
  CHECK(std::get<node_keys>(first).bootstrap.size() >= 32);
  struct stat about {};
  REQUIRE(::stat((values.data_dir / "bootstrap.key").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("a bootstrap key file without a key is refused in one line") {
  test::temporary_directory here;
  settings values;
  values.data_dir = here.path();
  std::ofstream{here.path() / "bootstrap.key"} << "short\n";
  auto loaded = load_keys(values);
  REQUIRE(std::holds_alternative<start_failure>(loaded));
  CHECK(holds(std::get<start_failure>(loaded).text, "bootstrap.key holds no key"));
}

TEST_CASE("an offset is a signed duration") {
  CHECK(parse_offset("90s\n") == duration{90s});
  CHECK(parse_offset("+25h") == duration{25h});
  CHECK(parse_offset("-30min") == duration{-30min});
  CHECK(parse_offset("") == duration{0});
  CHECK_FALSE(parse_offset("soon"));
}

TEST_CASE("the clock follows its offset file and says when it jumped") {
  test::temporary_directory here;
  auto file = here.path() / "offset";
  bell jumped;
  wall_clock clock{file, [&] { jumped.ring(); }};
  clock.watch();
  auto before = clock.now();

  std::ofstream{here.path() / "offset.new"} << "48h";
  fs::rename(here.path() / "offset.new", file);
  REQUIRE(jumped.await(1));
  CHECK(clock.now() - before >= 48h);
  CHECK(clock.now() - before < 49h);
  fs::remove(file);
  REQUIRE(jumped.await(2));
  CHECK(clock.now() - before < 1h);
}

TEST_CASE("the metrics page words every number with its unit") {
  metrics numbers;
  numbers.events_accepted.add(3);
  numbers.suppressions[static_cast<std::size_t>(reason::quiet_hours)].add(2);
  numbers.commit_time.record(1000);
  auto page = metrics_page(numbers);
  CHECK(holds(page, "carillon_events_accepted_total 3"));
  CHECK(holds(page, "carillon_suppressions_total{reason=\"quiet_hours\"} 2"));
  CHECK(holds(page, "carillon_journal_commit_seconds_count 1"));
  CHECK(holds(page, "carillon_journal_commit_seconds_sum 0.001"));
}

TEST_CASE("every failure of persistence has its exit code") {
  using persistence::failure_kind;
  CHECK(exit_code_of(failure_kind::locked) == bad_configuration);
  CHECK(exit_code_of(failure_kind::key) == bad_configuration);
  CHECK(exit_code_of(failure_kind::unreachable) == database_unreachable);
  CHECK(exit_code_of(failure_kind::migration) == database_unfit);
  CHECK(exit_code_of(failure_kind::database_newer) == database_unfit);
}

TEST_CASE("the documentation names every metric") {
  std::ifstream in{"docs/operations.md"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  REQUIRE_FALSE(text.empty());
  std::istringstream page{metrics_page(metrics{})};
  std::string line;
  while (std::getline(page, line)) {
    constexpr std::string_view type = "# TYPE carillon_";
    if (!line.starts_with(type))
      continue;
    auto name = line.substr(type.size(), line.find(' ', type.size()) - type.size());
    INFO(name);
    CHECK(holds(text, "`" + name + "`"));
  }
}

TEST_CASE("a full disk is told once, and once that there is room again") {
  std::atomic<std::uint64_t> left{50};
  std::vector<journal_state> told;
  bell rings;
  disk_watch watch{100, [&] { return left.load(); },
                   [&](const journal_health& health) {
                     told.push_back(health.state);
                     rings.ring();
                   },
                   1ms};
  REQUIRE(rings.await(1));
  left = 200;
  REQUIRE(rings.await(2));
  CHECK(told == std::vector{journal_state::down, journal_state::ok});
}
