#include "adapters/http/server/head_parser.hpp"

#include <boost/beast/http/error.hpp>

#include <limits>

namespace carillon::http {

void request_head::clear() {
  method = {};
  target = {};
  fields.clear();
  if (chunked_body.capacity() > 64 * 1024)
    chunked_body = {};
  chunked_body.clear();
  folded = false;
}

std::string_view request_head::find(boost::beast::http::field name, std::string_view buffer) const {
  for (const auto& entry : fields)
    if (entry.known == name)
      return entry.value.in(buffer);
  return {};
}

head_parser::head_parser(request_head& head, std::size_t header_limit, std::size_t chunk_limit)
    : head_(head), chunk_limit_(chunk_limit) {
  this->header_limit(static_cast<std::uint32_t>(header_limit));
  this->body_limit(
      std::numeric_limits<std::uint64_t>::max()); // the session looks at lengths itself
}

std::size_t head_parser::feed(std::string_view buffer, std::size_t offset, error_code& ec) {
  buffer_ = buffer;
  const auto rest = buffer.substr(offset);
  return put(boost::asio::const_buffer{rest.data(), rest.size()}, ec);
}

request_head::slice head_parser::slice_of(string_view text) {
  if (text.empty())
    return {};
  // A folded value is put together in a temporary of the parser: it is not in our buffer, and RFC
  // 9112 5.2 lets us refuse it.
  if (text.data() < buffer_.data() || text.data() >= buffer_.data() + buffer_.size()) {
    head_.folded = true;
    return {};
  }
  return {static_cast<std::uint32_t>(text.data() - buffer_.data()),
          static_cast<std::uint32_t>(text.size())};
}

void head_parser::on_request_impl(boost::beast::http::verb, string_view method, string_view target,
                                  int, error_code&) {
  head_.method = slice_of(method);
  head_.target = slice_of(target);
}

void head_parser::on_field_impl(boost::beast::http::field name, string_view text, string_view value,
                                error_code&) {
  if (head_done_)
    return;
  if (head_.fields.size() == max_fields) {
    head_.folded = true;
    return;
  }
  head_.fields.push_back({name, slice_of(text), slice_of(value)});
}

std::size_t head_parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) {
  if (head_.chunked_body.size() + body.size() > chunk_limit_) {
    ec = boost::beast::http::error::body_limit;
    return 0;
  }
  head_.chunked_body.append(body.data(), body.size());
  return body.size();
}

} // namespace carillon::http
