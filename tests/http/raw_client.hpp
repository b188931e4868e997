#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::test {

/// An answer as it came over the wire; header names in lower case.
struct raw_response {
  int status = 0;
  std::multimap<std::string, std::string> headers;
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
  }
};

/// A socket that says exactly what a test tells it to. Every wait is bounded; running out of time
/// ends in an empty result, never in a hang.
class raw_client {
public:
  explicit raw_client(std::uint16_t port,
                      std::chrono::milliseconds patience = std::chrono::seconds{10});
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  bool connected() const {
    return fd_ >= 0;
  }

  /// Sends all of it. @returns false if the peer has closed.
  bool send(std::string_view bytes);

  /// Reads one whole answer (`Content-Length` or none); nothing at end of stream or out of time.
  /// @param bodiless the answer to a HEAD.
  std::optional<raw_response> receive(bool bodiless = false);

  /// Sends and receives.
  std::optional<raw_response> ask(std::string_view bytes);

  /// @returns true if the peer closes (or resets) without sending anything more.
  bool closed_by_peer();

  /// Reads what there is until the peer closes.
  std::string read_rest();

private:
  bool fill();

  int fd_ = -1;
  std::chrono::milliseconds patience_;
  std::string buffer_;
};

/// @returns the text of a request with `Host` and, if there is a body, its length.
std::string request_text(std::string_view method, std::string_view target,
                         std::string_view body = {}, std::string_view headers = {});

} // namespace carillon::test
