#include "adapters/http/server/tls.hpp"

#include <openssl/ssl.h>

namespace carillon::http {

std::optional<std::string> configure_tls(boost::asio::ssl::context& context,
                                         const std::string& certificate_file,
                                         const std::string& key_file) {
  using boost::asio::ssl::context_base;
  boost::system::error_code ec;
  context.set_options(context_base::default_workarounds | context_base::no_sslv2
                          | context_base::no_sslv3 | context_base::no_tlsv1
                          | context_base::no_tlsv1_1 | context_base::no_compression,
                      ec);
  auto* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  context.use_certificate_chain_file(certificate_file, ec);
  if (ec)
    return "cannot use TLS certificate " + certificate_file + ": " + ec.message();
  context.use_private_key_file(key_file, context_base::pem, ec);
  if (ec)
    return "cannot use TLS key " + key_file + ": " + ec.message();
  if (SSL_CTX_check_private_key(native) != 1)
    return "TLS key " + key_file + " does not belong to certificate " + certificate_file;
  return std::nullopt;
}

} // namespace carillon::http
