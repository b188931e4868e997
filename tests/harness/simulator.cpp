#include "tests/harness/simulator.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace carillon::harness {

namespace {

using nlohmann::json;

constexpr std::size_t page = 5000;

sim_message read_message(const json& from) {
  sim_message out;
  out.number = from.at("n");
  out.sid = from.at("sid");
  out.to = from.at("to");
  out.body = from.at("body");
  out.callback_url = from.at("status_callback");
  out.ref = parse_call_ref(out.callback_url);
  out.received_at = parse_rfc3339(from.at("received_at").get<std::string>()).value_or(no_time);
  out.accepted = from.at("accepted");
  out.answer = from.at("answer");
  out.http_status = from.at("http_status");
  out.status = from.at("status");
  for (const auto& each : from.at("callbacks"))
    out.callbacks.emplace_back(each.at("status"), each.at("http_status").get<int>());
  return out;
}

std::string escaped(const std::string& number) {
  return number.starts_with('+') ? "%2B" + number.substr(1) : number;
}

} // namespace

std::optional<call_ref> parse_call_ref(std::string_view url) {
  const auto ref = url.substr(url.rfind('/') + 1);
  const auto dot = ref.find('.');
  if (dot == std::string_view::npos)
    return std::nullopt;
  const auto id = parse_notification_id(ref.substr(0, dot));
  call_ref out;
  const auto digits = ref.substr(dot + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), out.attempt);
  if (!id || out.attempt == 0)
    return std::nullopt;
  out.id = *id;
  return out;
}

provider_simulator::provider_simulator(const std::filesystem::path& directory,
                                       std::vector<std::string> more_arguments,
                                       const std::string& listen) {
  launch what;
  what.program = program_directory() / "carillon-sim";
  what.arguments = {"--listen", listen};
  what.arguments.insert(what.arguments.end(), more_arguments.begin(), more_arguments.end());
  what.errors = directory / "simulator.log";
  process_ = std::make_unique<process>(what);
  const auto line = process_->read_line(milliseconds{10'000});
  const auto at = line ? line->find("http=") : std::string::npos;
  if (at == std::string::npos)
    throw failure("the simulator does not start: " + tail_of(what.errors));
  at_ = parse_endpoint(std::string_view{*line}.substr(at + 5));
  control_ = std::make_unique<http_client>(at_);
}

std::string provider_simulator::url() const {
  return "http://" + at_.host + ":" + std::to_string(at_.port);
}

void provider_simulator::script(const json& rules) {
  const auto reply = control_->post("/_sim/script", rules);
  if (reply.status / 100 != 2)
    throw failure("the simulator does not take the script: " + reply.body);
}

void provider_simulator::add_rule(const json& rule) {
  const auto reply = control_->post("/_sim/script?append=true", json::array({rule}));
  if (reply.status / 100 != 2)
    throw failure("the simulator does not take the rule: " + reply.body);
}

std::vector<sim_message> provider_simulator::messages(const std::string& to) {
  std::vector<sim_message> result;
  std::uint64_t since = 0;
  for (;;) {
    auto target
        = "/_sim/messages?limit=" + std::to_string(page) + "&since=" + std::to_string(since);
    if (!to.empty())
      target += "&to=" + escaped(to);
    const auto answer = control_->get(target).json();
    const auto& items = answer.is_array() ? answer : answer.at("items");
    for (const auto& item : items)
      result.push_back(read_message(item));
    if (items.size() < page)
      return result;
    since = result.back().number;
  }
}

std::vector<sim_message> provider_simulator::await_messages(const std::string& to,
                                                            std::size_t count, milliseconds bound) {
  return await(bound, std::to_string(count) + " messages to " + to,
               [&]() -> std::optional<std::vector<sim_message>> {
                 auto all = messages(to);
                 if (all.size() < count)
                   return std::nullopt;
                 return all;
               });
}

} // namespace carillon::harness
