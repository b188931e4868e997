#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/// The start line and fields of one request as offsets into the session's buffer: no copy and, once
/// warm, no allocation a request.
struct request_head {
  struct slice {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;

    std::string_view in(std::string_view buffer) const {
      return buffer.substr(offset, size);
    }
  };
  struct field {
    boost::beast::http::field known;
    slice name;
    slice value;
  };

  slice method;
  slice target;
  std::vector<field> fields;
  std::string chunked_body; ///< Only of a request with `Transfer-Encoding: chunked`.
  bool folded = false; ///< A field value spans lines, or there are too many fields: to be refused.

  void clear();

  /// @returns the value of the first such field; empty if absent.
  std::string_view find(boost::beast::http::field name, std::string_view buffer) const;
};

/// Beast's parser, told to remember where things are and nothing else. Bodies with a length are
/// left to the session; chunks are gathered in `chunked_body`, up to `chunk_limit` bytes (then
/// `error::body_limit`).
class head_parser final : public boost::beast::http::basic_parser<true> {
public:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  static constexpr std::size_t max_fields = 100;

  head_parser(request_head& head, std::size_t header_limit, std::size_t chunk_limit);

  /// Parses what lies at `offset` of `buffer`. @returns the bytes used; `ec` is `need_more` when
  /// incomplete.
  std::size_t feed(std::string_view buffer, std::size_t offset, error_code& ec);

private:
  request_head::slice slice_of(string_view text);

  void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int,
                       error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {
    // nop
  }
  void on_field_impl(boost::beast::http::field name, string_view text, string_view value,
                     error_code&) override;
  void on_header_impl(error_code&) override {
    head_done_ = true;
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {
    // nop
  }
  std::size_t on_body_impl(string_view body, error_code&) override {
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {
    // nop
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) override;
  void on_finish_impl(error_code&) override {
    // nop
  }

  request_head& head_;
  std::string_view buffer_;
  std::size_t chunk_limit_;
  bool head_done_ = false; // trailers come through the same door and are dropped
};

} // namespace carillon::http
