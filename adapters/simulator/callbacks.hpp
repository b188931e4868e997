#pragma once

#include "adapters/simulator/options.hpp"
#include "adapters/simulator/record.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace carillon::simulator {

/// One callback as it goes out.
struct callback_request {
  callback_step step;
  std::string form;      ///< body
  std::string signature; ///< X-Twilio-Signature
};

/// All callbacks of one message, told in this order.
struct callback_plan {
  std::uint64_t message = 0; ///< number in the record
  std::string url;
  std::vector<callback_request> requests;
};

/// Counters of the callbacks.
struct callback_stats {
  std::uint64_t delivered = 0; ///< answered with 2xx
  std::uint64_t refused = 0;   ///< answered with anything else
  std::uint64_t failed = 0;    ///< no answer
  std::uint64_t dropped = 0;   ///< queue full, or an address that is not allowed
  std::uint64_t waiting = 0;
};

/// Sends callbacks over HTTP/1.1 with a bounded queue and a bounded number of kept-alive
/// connections. The callbacks of one message never overtake each other.
class callback_sender {
public:
  callback_sender(boost::asio::io_context& context, const options& settings, message_log& log);
  ~callback_sender();
  callback_sender(const callback_sender&) = delete;
  callback_sender& operator=(const callback_sender&) = delete;

  /// Any thread.
  void send(callback_plan plan);

  callback_stats stats() const;

  /// Drops what waits and closes connections; on the context's thread or after it ended.
  void stop();

private:
  class worker;
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace carillon::simulator
