#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carillon::http {

enum class verb : std::uint8_t { get, head, post, put, patch, del, options, other };

/// @returns `GET`, `DELETE`, ...; `other` gives an empty text.
std::string_view to_string(verb value);
verb verb_of(std::string_view method);

struct header_view {
  std::string_view name;
  std::string_view value;
};

/// Who is calling. Views into what the authenticator owns, or into the request.
struct principal {
  enum class kind : std::uint8_t { nobody, key, recipient };
  kind who = kind::nobody;
  std::string tenant;
  std::string role;         ///< `admin service provider staff` of a key.
  std::string key_id;       ///< Of a key; for audit.
  std::string recipient_id; ///< Of a recipient's token.
};

/// One parsed request, owned by its session. Every view is valid during the handler's call only: a
/// handler that answers later takes what it needs by value.
class request {
public:
  static constexpr std::size_t max_parameters = 4;

  verb method = verb::other;
  std::string_view target; ///< As sent: path and query.
  std::string_view path;   ///< Not decoded.
  std::string_view query;  ///< Without the `?`, not decoded.
  std::string_view body;
  std::span<const header_view> headers;
  std::string_view request_id;     ///< The client's, if well formed, else made here.
  std::string_view traceparent;    ///< W3C trace context, empty unless well formed.
  std::string_view remote_address; ///< Of the peer, without port.
  bool secure = false;             ///< Came over TLS.
  principal caller;
  std::array<std::string_view, max_parameters>
      parameters{}; ///< Path parameters in order, not decoded.
  std::size_t parameter_count = 0;

  /// @returns the first value of a header, found without regard to case; empty if absent.
  std::string_view header(std::string_view name) const;

  /// @returns whether the header is there at all.
  bool has_header(std::string_view name) const;

  /// @returns path parameter `index`, percent-decoded.
  std::string parameter(std::size_t index) const;

  /// @returns the media type of `Content-Type` in lower case without its parameters.
  std::string media_type() const;
};

/// ASCII comparison without regard to case.
bool same_text(std::string_view left, std::string_view right);

} // namespace carillon::http
