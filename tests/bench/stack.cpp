#include "tests/bench/stack.hpp"

#include "tests/bench/figures.hpp"
#include "tests/bench/load_generator.hpp"
#include "tests/harness/setup.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

// `delivery.window=256` -> CARILLON_DELIVERY_WINDOW, 256.
std::pair<std::string, std::string> variable_of(const std::string& setting) {
  const auto equals = setting.find('=');
  auto name = "CARILLON_" + setting.substr(0, equals);
  for (auto& c : name)
    c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return {name, equals == std::string::npos ? "" : setting.substr(equals + 1)};
}

harness::daemon_options daemon_options_of(const stack_options& from,
                                          const std::filesystem::path& directory,
                                          const std::string& provider_url) {
  harness::daemon_options out;
  out.checked = false;
  out.directory = directory;
  out.provider_url = provider_url;
  out.small_intervals = false;
  for (const auto& each : from.settings)
    out.environment.insert(variable_of(each));
  out.environment.emplace("CARILLON_LOG_LEVEL", "warn");
  if (from.one_segment)
    out.environment.emplace("CARILLON_JOURNAL_SEGMENT_ROWS", "1000000000");
  return out;
}

std::vector<std::string> simulator_arguments(const stack_options& from) {
  if (from.callbacks)
    return {};
  return {"--no-callbacks"};
}

} // namespace

std::string recipient_name(unsigned number) {
  return fmt::format("p-{:07}", number);
}

std::string post_head(const harness::endpoint& to, std::string_view target, std::string_view type,
                      std::size_t length) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: {}:{}\r\nAuthorization: Bearer {}\r\n"
                     "Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
                     target, to.host, to.port, harness::admin_key, type, length);
}

void put_digits(char* at, std::size_t width, std::uint64_t number) {
  for (std::size_t i = width; i > 0; --i, number /= 10)
    at[i - 1] = static_cast<char>('0' + number % 10);
}

nlohmann::json in_app_rule(std::string_view type) {
  auto rule = harness::sms_rule(
      type, {{"template", "bench_sms"},
             {"content", nullptr},
             {"delivery", {{"channels", nlohmann::json::array({{{"channel", "in_app"}}})}}}});
  rule["notifications"][0]["delivery"]["channels"][0]["until"] = "sent";
  return rule;
}

stack::stack(const stack_options& options)
    : simulator_(directory_.path(), simulator_arguments(options)),
      daemon_(daemon_options_of(options, directory_.path(), simulator_.url())),
      api_((daemon_.start(), daemon_.api())) {
  harness::put_template(
      api_, "bench_sms",
      {{"locale", "en"},
       {"channels",
        {{"sms", {{"text", "Hello {{first_name}}, number {{data.n}} is about {{data.service}}."}}},
         {"in_app",
          {{"title", "Number {{data.n}}"}, {"body", "It is about {{data.service}}."}}}}}});
  auto rule = harness::sms_rule("bench.sms", {{"template", "bench_sms"}, {"content", nullptr}});
  harness::put_rule(api_, "bench_sms", rule);
  put_recipients(0, options.recipients);
}

void stack::put_recipients(unsigned first, unsigned count) {
  put_each(first, count, "", [](unsigned number) {
    return fmt::format(R"({{"first_name":"Ann","locale":"en","timezone":"Europe/Vienna",)"
                       R"("contacts":{{"sms":"+4366{:08}"}}}})",
                       number);
  });
}

void stack::put_each(unsigned first, unsigned count, std::string_view below,
                     const std::function<std::string(unsigned)>& body_of) {
  unsigned next = first;
  unsigned taken = 0;
  load_plan plan;
  plan.to = daemon_.where();
  plan.connections = 32;
  plan.bound = 30s + std::chrono::seconds{count / 1000};
  plan.next = [&](std::string& out) -> std::optional<std::uint64_t> {
    if (next == first + count)
      return std::nullopt;
    const auto body = body_of(next);
    out = post_head(plan.to, fmt::format("/v1/recipients/{}{}", recipient_name(next), below),
                    "application/json", body.size())
          + body;
    out.replace(0, 4, "PUT");
    return next++;
  };
  plan.answered = [&](std::uint64_t, int status, std::string_view body, auto) {
    if (status / 100 == 2)
      ++taken;
    else if (status / 100 == 4)
      throw harness::failure("recipient: " + std::string{body});
    return status / 100 == 5;
  };
  if (!run_load(plan).complete || taken != count)
    throw harness::failure("the recipients were not taken in time");
}

double stack::idle_cpu_ms_per_s(unsigned seconds) {
  const auto before = used().daemon;
  harness::pause(std::chrono::seconds{seconds});
  return std::chrono::duration<double, std::milli>(used().daemon - before).count() / seconds;
}

void stack::settle() {
  static constexpr auto look = 500ms;
  harness::eventually(30s, [this] {
    const auto before = used();
    harness::pause(look);
    const auto busy = used() - before;
    return busy.daemon + busy.postgres < look / 20;
  });
}

cost stack::used() const {
  cost out;
  out.daemon = harness::usage_of(daemon_.pid()).cpu;
  if (const auto server = daemon_.server())
    out.postgres = harness::usage_of_tree(server->pid).cpu;
  out.simulator = harness::usage_of(simulator_.pid()).cpu;
  out.generator = own_cpu();
  return out;
}

std::uint64_t stack::daemon_memory_kib() const {
  return harness::usage_of(daemon_.pid()).memory_kib;
}

std::uint64_t stack::postgres_memory_kib() const {
  const auto server = daemon_.server();
  return server ? harness::usage_of_tree(server->pid).memory_kib : 0;
}

cost operator-(const cost& a, const cost& b) {
  return {a.daemon - b.daemon, a.postgres - b.postgres, a.simulator - b.simulator,
          a.generator - b.generator};
}

cost operator+(const cost& a, const cost& b) {
  return {a.daemon + b.daemon, a.postgres + b.postgres, a.simulator + b.simulator,
          a.generator + b.generator};
}

} // namespace carillon::bench
