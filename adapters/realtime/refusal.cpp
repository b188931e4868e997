#include "adapters/realtime/refusal.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace carillon::realtime {

namespace {

using boost::asio::ip::tcp;

std::string answer_text(unsigned status, const std::string& detail, const std::string& instance,
                        const std::string& request_id) {
  auto title
      = std::string{boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status))};
  nlohmann::json body{{"type", status == 503 ? "urn:carillon:problem:unavailable"
                                             : "urn:carillon:problem:not_acceptable"},
                      {"title", title},
                      {"status", status},
                      {"detail", detail},
                      {"instance", instance}};
  auto text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/problem+json\r\n"
                     "Content-Length: {}\r\nX-Request-Id: {}\r\n{}Connection: close\r\n\r\n{}",
                     status, title, text.size(), request_id,
                     status == 503 ? "Retry-After: 1\r\n" : "", text);
}

template <class Stream>
void write_and_close(std::shared_ptr<Stream> stream, std::string text) {
  auto kept = std::make_shared<const std::string>(std::move(text));
  boost::asio::async_write(*stream, boost::asio::buffer(*kept),
                           [stream, kept](boost::system::error_code, std::size_t) {
                             boost::system::error_code ignored;
                             auto& lowest = stream->lowest_layer();
                             lowest.shutdown(tcp::socket::shutdown_both, ignored);
                             lowest.close(ignored);
                           });
}

} // namespace

void refuse(stream_socket socket, unsigned status, std::string detail, std::string instance,
            std::string request_id) {
  auto text = answer_text(status, detail, instance, request_id);
  if (auto* plain = std::get_if<tcp::socket>(&socket))
    return write_and_close(std::make_shared<tcp::socket>(std::move(*plain)), std::move(text));
  std::shared_ptr<tls_socket> tls = std::move(std::get<std::unique_ptr<tls_socket>>(socket));
  write_and_close(std::move(tls), std::move(text));
}

} // namespace carillon::realtime
