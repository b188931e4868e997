#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace carillon::realtime {

/// What the daemon may set about live sessions; a default here is the default.
struct realtime_settings {
  std::uint32_t threads = 1;           ///< event loops for plain sockets
  std::size_t max_sessions = 100'000;  ///< over it 503
  std::size_t frame_limit = 64 * 1024; ///< bytes of one frame from a client; over it close 1009
  std::size_t queue_frames = 256; ///< live frames that wait for a slow client; over it close 1013
  std::size_t queue_bytes = 1024 * 1024;
  std::uint32_t bad_frames = 5; ///< a client's last one closes with 1008
  std::uint32_t commands_in_flight
      = 32; ///< of one session; its socket is not read while so many are out
  std::chrono::milliseconds first_frame{10'000}; ///< until `start` or `resume`
  std::chrono::milliseconds ping_every{25'000};  ///< of silence
  std::chrono::milliseconds pong_within{10'000};
  std::chrono::milliseconds close_within{5'000};    ///< until the peer answered our close
  std::chrono::milliseconds answer_timeout{10'000}; ///< of a client's command
  std::chrono::milliseconds sse_retry{2'000};       ///< told to EventSource
  std::chrono::milliseconds tick{
      1'000}; ///< how often deadlines are looked at; 0: only `handler::tick` does
  std::function<std::chrono::steady_clock::time_point()>
      now; ///< absent: the real clock; any thread
};

} // namespace carillon::realtime
