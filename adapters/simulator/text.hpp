#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::simulator {

/// Decoded name and value pairs, in order.
using fields = std::vector<std::pair<std::string, std::string>>;

/// Reads application/x-www-form-urlencoded or a query string.
fields parse_form(std::string_view text);

/// The first value of that name, or empty.
std::string_view find(const fields& all, std::string_view name) noexcept;

/// Appends `name=value` in form encoding.
void append_form(std::string& out, std::string_view name, std::string_view value);

/// Appends a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);

/// `Basic` credentials of an Authorization header (RFC 7617); nothing if it is not such.
std::optional<std::pair<std::string, std::string>> parse_basic(std::string_view header);

/// `2026-11-23T09:00:00.000Z`
std::string rfc3339(std::chrono::system_clock::time_point at);

/// `Mon, 23 Nov 2026 09:00:00 +0000`, as Twilio writes dates (RFC 2822).
std::string rfc2822(std::chrono::system_clock::time_point at);

/// The parts of an http URL; nothing for anything else.
struct http_url {
  std::string host;
  std::string port;
  std::string target;
};
std::optional<http_url> parse_http_url(std::string_view url);

/// True for localhost, 127.0.0.0/8 and ::1, without asking DNS.
bool is_loopback(std::string_view host) noexcept;

/// Code points in UTF-8 text.
std::size_t characters(std::string_view utf8) noexcept;

} // namespace carillon::simulator
