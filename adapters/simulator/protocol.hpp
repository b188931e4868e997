#pragma once

#include "adapters/simulator/callbacks.hpp"
#include "adapters/simulator/options.hpp"
#include "adapters/simulator/record.hpp"
#include "adapters/simulator/script.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace carillon::simulator {

/// A request, without what no protocol here needs. Views are good until the answer is given.
struct request {
  std::string_view method;
  std::string_view path;
  std::string_view query; ///< behind the `?`
  std::string_view authorization;
  std::string_view body;
};

/// What becomes of the connection after a request.
enum class ending : std::uint8_t {
  keep,     ///< answer, go on
  close,    ///< answer, then close
  silent,   ///< close without an answer
  reset,    ///< the same with a TCP reset
  truncate, ///< send the answer without its last bytes, then close
  hang,     ///< no answer; the connection stays open until the other side closes it
};

/// The answer to a request.
struct reply {
  int status = 200;
  std::string body;
  const char* content_type = "application/json";
  std::string extra_header; ///< whole lines, each with its line break
  milliseconds delay{0};
  ending end = ending::keep;
  std::uint64_t message = 0; ///< number in the record whose `written` this answer decides, 0: none
};

/// What all connections and protocols of a simulator share. Thread-safe.
struct state {
  state(const options& settings_, boost::asio::io_context& context)
      : settings(settings_), log(settings_.keep, settings_.record_file),
        callbacks(context, settings, log) {}

  const options settings;
  message_log log;
  script rules;
  callback_sender callbacks;
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> serial{0}; ///< of message ids
  const std::uint64_t run
      = std::random_device{}() * 0x9e3779b97f4a7c15ULL; ///< tells simulators apart
  std::atomic<std::uint64_t> connections{0};            ///< open now
  std::atomic<std::uint64_t> connections_opened{0};
};

/// Twilio's Messages resource, version 2010-04-01. `path` starts with `/2010-04-01/`.
reply serve_twilio(state& shared, const request& r);

/// `/_sim/...`: what arrived, and what is to happen next.
reply serve_control(state& shared, const request& r);

/// X-Twilio-Signature for a form body sent to `url`.
std::string twilio_signature(std::string_view auth_token, std::string_view url,
                             std::string_view form);

} // namespace carillon::simulator
