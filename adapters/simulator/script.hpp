#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::simulator {

using std::chrono::milliseconds;

/// A status callback that is to follow an accepted message.
struct callback_step {
  std::string status;
  milliseconds after{0}; ///< from the moment the message was accepted
  int error_code = 0;
};

/// What a rule does with a message instead of taking it as usual.
struct behaviour {
  int rule = -1;  ///< which rule this comes from
  int status = 0; ///< HTTP status; 0: as usual
  int code = 0;
  std::string message;
  std::string retry_after;
  milliseconds delay{0};
  bool hang = false;
  bool close_after_accept = false;
  bool close_before_answer = false;
  bool reset = false;         ///< close with a TCP reset
  bool truncate = false;      ///< the answer's body is cut and the connection closed
  std::optional<bool> accept; ///< whether the message is taken; absent: as the answer says
  std::optional<std::vector<callback_step>> callbacks; ///< absent: the default ones
  milliseconds late{0};
  bool doubled = false;
  bool reordered = false;
  bool bad_signature = false;
};

/// One line of a script: when it fires, and what then happens.
struct rule {
  std::string to_prefix;
  std::string from;
  std::string body_contains;
  std::uint64_t nth = 0;   ///< only the nth message that fits, from 1
  std::uint64_t every = 0; ///< each so-manieth message that fits
  double probability = 1;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> remaining; ///< how often it may still fire
  behaviour what;

  std::uint64_t seen = 0; ///< messages that fitted
  std::uint64_t fired = 0;
  std::mt19937_64 random;
};

/// The rules in force. The first that fires decides. Thread-safe.
class script {
public:
  /// Replaces all rules, or adds to them. `source` is an array of rules or `{"rules":[...]}`
  /// (docs/simulator.md). Returns an error in words, and changes nothing then.
  std::optional<std::string> load(const nlohmann::json& source, bool append = false);

  void clear();

  /// The rules' JSON with `seen`, `fired` and `remaining`.
  nlohmann::json show() const;

  /// What is to happen with this message.
  behaviour decide(std::string_view to, std::string_view from, std::string_view body);

private:
  mutable std::mutex mutex_;
  std::vector<rule> rules_;
  std::vector<std::string> sources_; // as they were given
};

} // namespace carillon::simulator
