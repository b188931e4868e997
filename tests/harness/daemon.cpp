#include "tests/harness/daemon.hpp"

#include "tests/harness/contract.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <sys/stat.h>

namespace carillon::harness {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view small_intervals = R"(
[lease]
ttl = "4s"
renew_every = "500ms"
[delivery]
call_timeout = "1s"
unknown_wait = "600ms"
unknown_wait_after_restart = "600ms"
step_timeout = "2s"
breaker_failures = 1000000
[journal]
look_every = "300ms"
[retry]
max_wait = "2s"
jitter_percent = 10
critical.calls = 5
critical.first_wait = "50ms"
high.calls = 4
high.first_wait = "50ms"
normal.calls = 3
normal.first_wait = "50ms"
low.calls = 2
low.first_wait = "50ms"
)";

std::string provider_section(const std::string& url) {
  return "\n[[provider]]\nname = \"sms-main\"\nkind = \"twilio\"\nchannel = \"sms\"\npriority = 1\n"
         "base_url = \""
         + url
         + "\"\nfrom = \"+15550001111\"\n"
           "account_sid = \"AC00000000000000000000000000000000\"\nauth_token = \"simulated\"\n"
           "callbacks = true\n";
}

} // namespace

work_directory::work_directory() {
  char name[] = "/tmp/carillon-sys-XXXXXX";
  if (::mkdtemp(name) == nullptr)
    throw failure("no temporary directory");
  path_ = name;
  ::chmod(name, 0755); // as root, PostgreSQL runs as another user
}

work_directory::~work_directory() {
  std::error_code ignored;
  if (std::getenv("CARILLON_KEEP") == nullptr)
    fs::remove_all(path_, ignored);
}

daemon::daemon(daemon_options options) : options_(std::move(options)) {
  data_dir_ = options_.data_dir.empty() ? options_.directory / "data" : fs::path{options_.data_dir};
  config_ = options_.directory / "carillon.toml";
  log_ = options_.directory / "daemon.log";
  at_.port = options_.port != 0 ? options_.port : free_port();
  if (options_.environment.contains("CARILLON_CLOCK_OFFSET_FILE"))
    throw failure("the clock's offset file is the fixture's");
  set_clock_offset(std::chrono::seconds{0});
  write_config();
}

daemon::~daemon() {
  const auto left = server();
  if (process_ && !stop(milliseconds{15'000}))
    kill();
  if (left && options_.database_url.empty() && options_.data_dir.empty())
    eventually(milliseconds{10'000}, [&] { return !lives(left->pid); });
}

std::string daemon::config_text() const {
  std::ostringstream out;
  out << "data_dir = \"" << data_dir_.string() << "\"\ndrain_timeout = \"5s\"\n";
  out << "bootstrap_key = \"" << admin_key << "\"\n";
  out << "[http]\nlisten = \"" << at_.host << ':' << at_.port << "\"\n";
  out << "[clock]\noffset_file = \"" << (options_.directory / "clock").string() << "\"\n";
  out << "[log]\nlevel = \"info\"\nformat = \"text\"\n";
  if (!options_.database_url.empty())
    out << "[database]\nurl = \"" << options_.database_url << "\"\n";
  if (!options_.limits)
    out << "[limits.sms]\nper_minute = 0\nper_hour = 0\nper_day = 0\n";
  if (options_.small_intervals)
    out << small_intervals;
  out << options_.toml;
  if (!options_.provider_url.empty())
    out << provider_section(options_.provider_url);
  return out.str();
}

void daemon::write_config() const {
  std::ofstream out{config_};
  out << config_text();
  if (!out.flush())
    throw failure("cannot write " + config_.string());
}

void daemon::launch_only() {
  launch what;
  what.program = program_directory() / "carillond";
  what.arguments = {"--config", config_.string()};
  what.environment = options_.environment;
  what.errors = log_;
  process_ = std::make_unique<process>(what);
}

bool daemon::await_ready(milliseconds bound) {
  const deadline by{bound};
  while (auto line = process_->read_line(milliseconds{by.left()}))
    if (line->starts_with("carillond ready http=")) {
      at_ = parse_endpoint(std::string_view{*line}.substr(21));
      if (options_.checked && !promised_)
        promised_ = std::make_shared<const contract>(http_client{at_}.get("/openapi.json").json());
      return true;
    }
  return false;
}

void daemon::start(milliseconds bound) {
  launch_only();
  if (!await_ready(bound))
    throw failure("carillond is not ready in time:\n" + log());
}

void daemon::kill() {
  process_.reset(); // its destructor kills and waits
}

std::optional<int> daemon::stop(milliseconds bound) {
  process_->signal(SIGTERM);
  auto code = process_->await_end(bound);
  if (code)
    process_.reset();
  return code;
}

std::optional<int> daemon::await_end(milliseconds bound) {
  auto code = process_->await_end(bound);
  if (code)
    process_.reset();
  return code;
}

void daemon::signal(int number) {
  process_->signal(number);
}

http_client daemon::anyone(milliseconds bound) const {
  http_client client{at_, bound};
  client.check_with(promised_);
  return client;
}

http_client daemon::api(milliseconds bound) const {
  auto client = anyone(bound);
  client.always("Authorization", "Bearer " + std::string{admin_key});
  return client;
}

std::string daemon::log(std::size_t lines) const {
  return tail_of(log_, lines);
}

std::string daemon::database_url() const {
  if (!options_.database_url.empty())
    return options_.database_url;
  const auto found = server();
  if (!found)
    throw failure("no embedded server under " + data_dir_.string());
  return found->url;
}

void daemon::set_clock_offset(std::chrono::seconds offset) const {
  // Renamed into place, so that the daemon never reads half a number.
  const auto file = options_.directory / "clock";
  std::ofstream out{file.string() + ".new"};
  out << offset.count() << "s\n";
  out.close();
  fs::rename(file.string() + ".new", file);
}

double daemon::metric(http_client& client, std::string_view name) {
  std::istringstream in{client.get("/metrics").body};
  double sum = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string_view text{line};
    if (!text.starts_with(name) || text.size() <= name.size())
      continue;
    const char behind = text[name.size()];
    if (behind == ' ' || behind == '{')
      sum += std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return sum;
}

} // namespace carillon::harness
