#include "tests/simulator/client.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace carillon::test {

namespace {

std::string base64(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

} // namespace

plain_client::plain_client(const std::string& address)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto colon = address.find(':');
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<unsigned short>(std::atoi(address.c_str() + colon + 1)));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &where.sin_addr);
  const timeval bound{10, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
    throw std::runtime_error("cannot connect to " + address);
}

plain_client::~plain_client() {
  close(socket_);
}

void plain_client::send(const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n <= 0)
      return;
    done += static_cast<std::size_t>(n);
  }
}

void plain_client::end() {
  shutdown(socket_, SHUT_WR);
}

bool plain_client::fill() {
  std::array<char, 65536> bytes;
  const auto n = recv(socket_, bytes.data(), bytes.size(), 0);
  if (n <= 0)
    return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(n));
  return true;
}

plain_answer plain_client::receive() {
  plain_answer out;
  auto head = buffer_.find("\r\n\r\n");
  for (; head == std::string::npos; head = buffer_.find("\r\n\r\n"))
    if (!fill())
      return out;
  int status = std::atoi(buffer_.c_str() + 9);
  for (auto at = buffer_.find("\r\n") + 2; at < head;) {
    const auto end = buffer_.find("\r\n", at);
    const auto colon = buffer_.find(": ", at);
    out.headers[lower(buffer_.substr(at, colon - at))] = buffer_.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  const auto length = static_cast<std::size_t>(std::atoi(out.headers["content-length"].c_str()));
  while (buffer_.size() < head + 4 + length)
    if (!fill())
      return out;
  out.body = buffer_.substr(head + 4, length);
  buffer_.erase(0, head + 4 + length);
  out.status = status;
  return out;
}

plain_answer ask(const std::string& address, const std::string& method, const std::string& target,
                 const std::string& body, const std::string& headers) {
  plain_client c{address};
  c.send(method + " " + target + " HTTP/1.1\r\nHost: sim\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
  return c.receive();
}

std::string twilio_request(const std::string& form, const std::string& login) {
  return "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\nHost: sim\r\n"
         "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Basic "
         + base64(login) + "\r\nContent-Length: " + std::to_string(form.size()) + "\r\n\r\n" + form;
}

plain_answer send_sms(const std::string& address, const std::string& form) {
  plain_client c{address};
  c.send(twilio_request(form));
  return c.receive();
}

} // namespace carillon::test
