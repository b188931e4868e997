#pragma once

#include "adapters/http/server/router.hpp"
#include "adapters/http/server/settings.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

namespace carillon::http {

class session;

/// What all threads of one server share: settings and routes, read only, and a few counters.
struct server_state {
  server_settings settings;
  router routes;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<bool> draining{false};
};

/// One event loop run by one thread, and the sessions that live on it: what happens inside needs no
/// lock and no strand. Owned by the server and by its sessions.
class shard {
public:
  explicit shard(server_state& shared);

  server_state& shared;
  boost::asio::io_context loop{1};
  std::unordered_set<session*> sessions; // this thread only
  std::atomic<bool> stopped{false};      // no answer is posted any more

  /// @returns the time as an IMF-fixdate (RFC 9110 5.6.7), made once a second.
  std::string_view date();

  /// Writes 32 hexadecimal digits: a request id for a client that sent none.
  void make_request_id(std::string& out);

private:
  std::time_t dated_ = 0;
  std::array<char, 32> date_{};
  std::size_t date_size_ = 0;
  std::mt19937_64 random_;
};

} // namespace carillon::http
