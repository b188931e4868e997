#include "tests/system/support/node_pair.hpp"

#include <fmt/format.h>

namespace carillon::test {

namespace {

// The bounds are promised for these, not for the short ones of the other tests.
const std::map<std::string, std::string> lease_of_a_product
    = {{"CARILLON_LEASE_TTL", "7s"},
       {"CARILLON_LEASE_RENEW_EVERY", "500ms"},
       {"CARILLON_DELIVERY_CALL_TIMEOUT", "5s"}};

world_options first_node(const database& data) {
  world_options out;
  out.database_url = data.url();
  out.environment = lease_of_a_product;
  return out;
}

harness::daemon_options second_node(const node_pair& pair, const std::filesystem::path& directory,
                                    const std::string& provider_url) {
  harness::daemon_options out;
  out.directory = directory;
  out.provider_url = provider_url;
  out.database_url = pair.data.url();
  out.environment = lease_of_a_product;
  out.environment["CARILLON_MASTER_KEY_FILE"] = pair.w.daemon.data_dir() / "master.key";
  return out;
}

} // namespace

node_pair::node_pair()
    : w(first_node(data)), second(second_node(*this, second_directory_.path(), w.simulator.url())) {
  second.launch_only();
  auto client = second.anyone();
  const bool waits = harness::eventually(20s, [&] {
    try {
      return client.get("/readyz").status == 503;
    } catch (const harness::connection_lost&) {
      return false;
    }
  });
  if (!waits)
    throw harness::failure("the second node does not wait:\n" + second.log());
}

milliseconds node_pair::await_takeover(harness::steady::time_point since) {
  if (!second.await_ready(30s))
    throw harness::failure("the second node does not take over:\n" + second.log());
  return std::chrono::duration_cast<milliseconds>(harness::steady::now() - since);
}

std::vector<harness::sim_message> node_pair::calls_of_first() {
  const auto port = fmt::format(":{}/", w.daemon.where().port);
  std::vector<harness::sim_message> found;
  for (auto& message : w.simulator.messages())
    if (message.callback_url.find(port) != std::string::npos)
      found.push_back(std::move(message));
  return found;
}

// -- live -------------------------------------------------------------------------

live_reader::live_reader(std::vector<harness::endpoint> nodes, std::string token)
    : nodes_(std::move(nodes)), token_(std::move(token)), thread_([this] { run(); }) {}

live_reader::~live_reader() {
  finish();
}

std::string live_reader::finish() {
  stopping_ = true;
  if (thread_.joinable())
    thread_.join();
  return complaint_;
}

void live_reader::run() {
  for (std::size_t at = 0; !stopping_ && complaint_.empty(); at = (at + 1) % nodes_.size()) {
    try {
      read(nodes_[at]);
    } catch (const harness::connection_lost&) {
      harness::pause(milliseconds{50});
    } catch (const std::exception& e) {
      complaint_ = e.what();
    }
  }
}

void live_reader::read(const harness::endpoint& node) {
  harness::websocket_client session{node, token_, 1s};
  session.send({{"op", "resume"}, {"offset", offset_.load()}});
  const auto hello = session.next(2s);
  if (!hello)
    return;
  ++sessions_;
  if (hello->at("op") != "hello" || hello->at("recovered") != true)
    complaint_ = "cannot resume: " + hello->dump();
  while (!stopping_ && complaint_.empty()) {
    const auto frame = session.next(1s);
    if (!frame)
      return;
    if (frame->at("offset") != offset_ + 1)
      complaint_ = fmt::format("after {}: {}", offset_.load(), frame->dump());
    ++offset_;
  }
}

} // namespace carillon::test
