#include "tests/http/server_fixture.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace carillon;
using namespace carillon::test;
using boost::asio::ip::tcp;

namespace {

/// A self-signed certificate for one test.
class certificate {
public:
  certificate() {
    auto pattern = (std::filesystem::temp_directory_path() / "carillon-tls-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()));
    directory_ = pattern;
    auto* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    auto* made = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    auto* name = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(made, name);
    X509_sign(made, key, EVP_sha256());
    write(certificate_file(), [&](std::FILE* file) { PEM_write_X509(file, made); });
    write(key_file(), [&](std::FILE* file) {
      PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(made);
    EVP_PKEY_free(key);
  }

  ~certificate() {
    std::filesystem::remove_all(directory_);
  }
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  std::string certificate_file() const {
    return (directory_ / "certificate.pem").string();
  }
  std::string key_file() const {
    return (directory_ / "key.pem").string();
  }

private:
  template <class F>
  static void write(const std::string& path, F content) {
    auto* file = std::fopen(path.c_str(), "w");
    REQUIRE(file);
    content(file);
    std::fclose(file);
  }

  std::filesystem::path directory_;
};

/// Asks over TLS. @returns what came back, or the error of the handshake.
std::string ask_tls(std::uint16_t port, const std::string& text, int newest_version) {
  boost::asio::io_context loop;
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
  SSL_CTX_set_max_proto_version(context.native_handle(), newest_version);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
  SSL_CTX_set_security_level(context.native_handle(), 0);
  boost::asio::ssl::stream<tcp::socket> stream{loop, context};
  stream.lowest_layer().connect({boost::asio::ip::address_v4::loopback(), port});
  boost::system::error_code ec;
  stream.handshake(boost::asio::ssl::stream_base::client, ec);
  if (ec)
    return "no handshake";
  boost::asio::write(stream, boost::asio::buffer(text), ec);
  std::string result;
  boost::asio::read(stream, boost::asio::dynamic_buffer(result), ec);
  return result;
}

http::server_settings with(const certificate& made) {
  auto settings = server_fixture::quick();
  settings.tls_certificate_file = made.certificate_file();
  settings.tls_key_file = made.key_file();
  return settings;
}

} // namespace

TEST_CASE("TLS 1.2 and 1.3 are spoken, older versions are not", "[http][tls]") {
  const certificate made;
  server_fixture world{with(made)};
  const auto text
      = request_text("POST", "/echo", std::string(100'000, 'x'), "Connection: close\r\n");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto answer = ask_tls(world.port(), text, version);
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Strict-Transport-Security:") != std::string::npos);
    CHECK(answer.size() > 100'000);
  }
  CHECK(ask_tls(world.port(), text, TLS1_1_VERSION) == "no handshake");
}

TEST_CASE("a body over the limit is refused over TLS too", "[http][tls]") {
  const certificate made;
  server_fixture world{with(made)};
  const auto answer = ask_tls(
      world.port(), request_text("POST", "/echo", std::string(2'000'000, 'x')), TLS1_3_VERSION);
  CHECK(answer.starts_with("HTTP/1.1 413 "));
}

TEST_CASE("plain HTTP on a TLS port is cut", "[http][tls]") {
  const certificate made;
  server_fixture world{with(made)};
  raw_client client{world.port()};
  client.send(request_text("GET", "/hello"));
  CHECK(!client.receive());
}

TEST_CASE("a certificate that cannot be read is a value", "[http][tls]") {
  auto settings = server_fixture::quick();
  settings.tls_certificate_file = "/nowhere/certificate.pem";
  settings.tls_key_file = "/nowhere/key.pem";
  http::server server{settings, http::router{}};
  const auto failed = server.start();
  REQUIRE(failed);
  CHECK(failed->starts_with("cannot use TLS certificate /nowhere/certificate.pem: "));
}
