#pragma once

#include "adapters/cli/api_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace carillon::cli {

/// What the program ends with.
enum exit_code : int {
  done = 0,
  refused = 1,    ///< the daemon said no (4xx), or a file cannot be used
  usage = 2,      ///< the command line is wrong
  unavailable = 3 ///< no answer, or the daemon could not (5xx)
};

/// One run of the command: where to ask, how to print.
class session {
public:
  /// Words a successful answer for people.
  using printer = std::function<void(std::ostream&, const nlohmann::json&)>;

  session(endpoint to, bool as_json, std::ostream& out, std::ostream& err)
      : to_(std::move(to)), as_json_(as_json), out_(&out), err_(&err) {}

  /// Asks and prints: the body as it is with --json, else through `print`; a problem goes to the
  /// error stream.
  int ask(const api_request& request, const printer& print) const;

  /// One line on the error stream.
  int fail(exit_code code, std::string_view message) const;

private:
  endpoint to_;
  bool as_json_;
  std::ostream* out_;
  std::ostream* err_;
};

/// Content of a file, or of standard input for `-`. False and a message where it cannot be read or
/// is not JSON.
bool read_json(const std::string& file, nlohmann::json& to, std::string& failure);

/// The first line of a key file, or nothing.
std::string read_key(const std::string& file);

} // namespace carillon::cli
