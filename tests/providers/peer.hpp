#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

#include <sys/types.h>

namespace carillon::test {

/// A program of tests/peers, run by node for as long as this object lives. Fails the test with a
/// sentence that says what to do if node or the npm packages are missing.
class peer {
public:
  explicit peer(const std::string& script, const std::vector<std::string>& arguments = {});
  ~peer();
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  /// The next line it says by itself.
  nlohmann::json hear();

  /// One question, one answer; waits at most 20 s.
  nlohmann::json ask(const nlohmann::json& question);

private:
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string buffer_;
};

} // namespace carillon::test
