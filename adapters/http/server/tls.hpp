#pragma once

#include <boost/asio/ssl/context.hpp>

#include <optional>
#include <string>

namespace carillon::http {

/// Loads certificate chain and key (PEM) and restricts to TLS 1.2 and newer with forward secrecy
/// (RFC 9325).
/// @returns what went wrong in one line, or nothing.
std::optional<std::string> configure_tls(boost::asio::ssl::context& context,
                                         const std::string& certificate_file,
                                         const std::string& key_file);

} // namespace carillon::http
