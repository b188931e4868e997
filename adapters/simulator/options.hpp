#pragma once

#include "adapters/simulator/script.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace carillon::simulator {

/// Settings of one simulator.
struct options {
  std::string host = "127.0.0.1";
  unsigned short port = 0;   ///< 0: a free one
  bool allow_remote = false; ///< listen on, and send callbacks to, addresses that are not loopback
  unsigned threads = 1;
  std::string
      auth_token; ///< the only accepted one, and the key of signatures; empty: any is accepted,
                  ///< and callbacks are signed with the one that came with the message
  std::string record_file;    ///< JSON lines, appended; empty: none
  std::size_t keep = 500'000; ///< messages remembered
  std::size_t max_connections = 10'000;
  std::size_t callback_queue = 100'000;  ///< callbacks waiting; more are dropped and counted
  std::size_t callback_connections = 16; ///< at once to one address
  unsigned callback_retries = 0;         ///< after a callback that got no 2xx
  milliseconds callback_retry_pause{500};
  std::vector<callback_step> callbacks{{"sent", milliseconds{0}, 0},
                                       {"delivered", milliseconds{0}, 0}};
};

} // namespace carillon::simulator
