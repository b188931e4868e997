#pragma once

#include "adapters/simulator/options.hpp"
#include "adapters/simulator/record.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <vector>

namespace carillon::simulator {

/// A provider that exists only on this machine: takes messages over the providers' own protocols,
/// remembers them, fails on script and sends signed callbacks (docs/simulator.md). The program
/// carillon-sim is a shell around it; tests may run it in their own process.
class simulator {
public:
  /// Listens at once. Throws std::system_error if the address cannot be used, and
  /// std::invalid_argument if it is not a loopback address and remote ones are not allowed.
  explicit simulator(options settings = {});

  /// Closes everything and joins its threads.
  ~simulator();
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;

  /// `127.0.0.1:9100`
  const std::string& address() const noexcept {
    return address_;
  }

  /// `http://127.0.0.1:9100`
  std::string base_url() const {
    return "http://" + address_;
  }

  /// Replaces the script. Throws std::invalid_argument if it is not one.
  void script(const nlohmann::json& rules);

  std::vector<message_record> messages(const record_filter& filter = {}) const;
  std::size_t count(const record_filter& filter = {}) const;

  /// Connections accepted since the start.
  std::size_t connections_opened() const;

  /// Ends it; idempotent.
  void stop();

private:
  class server;
  std::unique_ptr<server> server_;
  std::string address_;
};

} // namespace carillon::simulator
