#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace carillon::test {

/// An HTTP answer as it came.
struct plain_answer {
  int status = 0;                             ///< 0: the connection ended before a whole answer
  std::map<std::string, std::string> headers; ///< lower-case names
  std::string body;

  nlohmann::json json() const {
    return nlohmann::json::parse(body);
  }
};

/// A blocking connection to a simulator, bounded by 10 s.
class plain_client {
public:
  /// `address` is `127.0.0.1:9100`.
  explicit plain_client(const std::string& address);
  ~plain_client();
  plain_client(const plain_client&) = delete;
  plain_client& operator=(const plain_client&) = delete;

  void send(const std::string& bytes);

  /// The next answer on this connection.
  plain_answer receive();

  /// Closes the sending half.
  void end();

private:
  bool fill();

  int socket_;
  std::string buffer_;
};

/// One request on its own connection.
plain_answer ask(const std::string& address, const std::string& method, const std::string& target,
                 const std::string& body = {}, const std::string& headers = {});

/// A request for a message in Twilio's protocol, as bytes.
std::string twilio_request(const std::string& form, const std::string& login = "AC1:t0ken");

/// Sends it on its own connection.
plain_answer send_sms(const std::string& address, const std::string& form);

} // namespace carillon::test
