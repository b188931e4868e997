#include "tests/harness/http_client.hpp"

#include "tests/harness/contract.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <nlohmann/json.hpp>

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::harness {

namespace {

namespace http = boost::beast::http;

[[noreturn]] void lost(std::string what) {
  throw connection_lost(what + ": " + std::strerror(errno));
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The peer may have closed a connection that was idle.
bool is_stale(int socket) {
  char one = 0;
  const auto n = ::recv(socket, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN);
}

} // namespace

std::string http_reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

nlohmann::json http_reply::json() const {
  auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_discarded())
    throw failure("answer " + std::to_string(status) + " is not JSON: " + body);
  return parsed;
}

endpoint parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  endpoint out;
  out.host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  return out;
}

int connect_to(const endpoint& to, const deadline& by) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(to.port);
  ::inet_pton(AF_INET, to.host.c_str(), &address.sin_addr);
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  int error = 0;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    error = errno;
  if (error == EINPROGRESS) {
    socklen_t size = sizeof error;
    error = ETIMEDOUT;
    if (await_writable(socket, by))
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    ::close(socket);
    errno = error;
    lost("connect to port " + std::to_string(to.port));
  }
  return socket;
}

http_client::http_client(endpoint to, milliseconds bound) : to_(std::move(to)), bound_(bound) {}

http_client::http_client(http_client&& other) noexcept
    : to_(std::move(other.to_)), bound_(other.bound_), always_(std::move(other.always_)),
      promised_(std::move(other.promised_)), socket_(std::exchange(other.socket_, -1)),
      buffer_(std::move(other.buffer_)) {}

http_client::~http_client() {
  disconnect();
}

void http_client::always(std::string name, std::string value) {
  always_.emplace_back(std::move(name), std::move(value));
}

void http_client::check_with(std::shared_ptr<const contract> promised) {
  promised_ = std::move(promised);
}

void http_client::disconnect() {
  if (socket_ >= 0)
    ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

void http_client::connect(const deadline& by) {
  if (socket_ >= 0 && is_stale(socket_))
    disconnect();
  if (socket_ < 0)
    socket_ = connect_to(to_, by);
}

void http_client::write(std::string_view bytes, const deadline& by) {
  while (!bytes.empty()) {
    const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      return; // the answer may be there already: a refusal before the body was read
    else if (errno == EAGAIN && !await_writable(socket_, by))
      lost("write");
  }
}

http_reply http_client::read(const deadline& by, bool head_only) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(256UL << 20);
  parser.eager(true);
  parser.skip(head_only);
  for (;;) {
    boost::beast::error_code error;
    if (!buffer_.empty()) {
      const auto used = parser.put(boost::asio::buffer(buffer_), error);
      buffer_.erase(0, used);
    }
    if (error && error != http::error::need_more)
      throw connection_lost("malformed answer: " + error.message());
    if (parser.is_done())
      break;
    if (!await_readable(socket_, by))
      throw connection_lost("no answer in time");
    char some[16 * 1024];
    const auto n = ::recv(socket_, some, sizeof some, 0);
    if (n > 0) {
      buffer_.append(some, static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    boost::beast::error_code at_end;
    if (n == 0 && parser.got_some())
      parser.put_eof(at_end);
    if (n < 0 || at_end || !parser.is_done())
      throw connection_lost("connection ended before the answer");
    break;
  }
  auto message = parser.release();
  http_reply out;
  out.status = static_cast<int>(message.result_int());
  for (const auto& field : message)
    out.headers.emplace_back(lower({field.name_string().data(), field.name_string().size()}),
                             std::string{field.value().data(), field.value().size()});
  out.body = std::move(message.body());
  if (!message.keep_alive())
    disconnect();
  return out;
}

http_reply http_client::send(std::string_view method, std::string_view target,
                             std::string_view body, const header_list& headers) {
  std::string bytes;
  bytes.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(to_.host);
  bytes.append(":").append(std::to_string(to_.port)).append("\r\n");
  bool typed = body.empty();
  for (const header_list* list : {&std::as_const(always_), &headers})
    for (const auto& [name, value] : *list) {
      typed = typed || lower(name) == "content-type";
      bytes.append(name).append(": ").append(value).append("\r\n");
    }
  if (!typed)
    bytes.append("Content-Type: application/json\r\n");
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
    bytes.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  bytes.append("\r\n").append(body);
  const deadline by{bound_};
  http_reply reply;
  try {
    connect(by);
    write(bytes, by);
    reply = read(by, method == "HEAD");
  } catch (...) {
    disconnect();
    throw;
  }
  if (promised_)
    if (const auto wrong = promised_->mismatch(method, target, reply); !wrong.empty())
      throw failure(std::string{method}.append(" ").append(target) + ": "
                    + std::to_string(reply.status) + ": not as /openapi.json says: " + wrong + "\n"
                    + reply.body);
  return reply;
}

http_reply http_client::get(std::string_view target) {
  return send("GET", target);
}

http_reply http_client::post(std::string_view target, const nlohmann::json& body,
                             const header_list& headers) {
  return send("POST", target, body.dump(), headers);
}

http_reply http_client::put(std::string_view target, const nlohmann::json& body,
                            const header_list& headers) {
  return send("PUT", target, body.dump(), headers);
}

http_reply http_client::exchange(std::string_view bytes) {
  const deadline by{bound_};
  connect(by);
  write(bytes, by);
  return read(by, false);
}

} // namespace carillon::harness
