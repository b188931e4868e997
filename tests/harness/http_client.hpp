#pragma once

#include "tests/harness/wait.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::harness {

/// The connection could not be made, ended before the whole answer, or was silent too long.
class connection_lost : public failure {
public:
  using failure::failure;
};

using header_list = std::vector<std::pair<std::string, std::string>>;

struct http_reply {
  int status = 0;
  header_list headers; ///< lower-case names
  std::string body;

  /// The first header of that lower-case name, or empty.
  std::string header(std::string_view name) const;
  /// The body read as JSON; throws `failure` with the body when it is not.
  nlohmann::json json() const;
};

/// `host:port`.
struct endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};
endpoint parse_endpoint(std::string_view text);

/// A connected TCP socket, non-blocking, close-on-exec; throws `connection_lost`.
int connect_to(const endpoint& to, const deadline& by);

class contract;

/// HTTP/1.1 over one kept-alive connection, for one thread. Never repeats a request by itself.
class http_client {
public:
  explicit http_client(endpoint to, milliseconds bound = milliseconds{10'000});
  http_client(http_client&& other) noexcept;
  http_client& operator=(http_client&&) = delete;
  ~http_client();

  /// Sent with every request, e.g. Authorization.
  void always(std::string name, std::string value);

  /// Holds every answer against what the daemon's API promises; `send` throws where it disagrees.
  void check_with(std::shared_ptr<const contract> promised);

  /// One request and its answer. Content-Type is JSON unless `headers` says another. Throws
  /// `connection_lost`.
  http_reply send(std::string_view method, std::string_view target, std::string_view body = {},
                  const header_list& headers = {});

  http_reply get(std::string_view target);
  http_reply post(std::string_view target, const nlohmann::json& body,
                  const header_list& headers = {});
  http_reply put(std::string_view target, const nlohmann::json& body,
                 const header_list& headers = {});

  /// Sends bytes as they are and reads one answer.
  http_reply exchange(std::string_view bytes);

  void disconnect();

  const endpoint& peer() const {
    return to_;
  }

private:
  void connect(const deadline& by);
  void write(std::string_view bytes, const deadline& by);
  http_reply read(const deadline& by, bool head_only);

  endpoint to_;
  milliseconds bound_;
  header_list always_;
  std::shared_ptr<const contract> promised_;
  int socket_ = -1;
  std::string buffer_;
};

} // namespace carillon::harness
