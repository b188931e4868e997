#include "tests/realtime/clients.hpp"
#include "tests/realtime/live_node.hpp"

#include <boost/asio/ssl.hpp>
#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/x509.h>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

/// A server's context with a self-signed certificate made for the test.
boost::asio::ssl::context self_signed() {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
  auto* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  auto* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context.native_handle(), certificate);
  SSL_CTX_use_PrivateKey(context.native_handle(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

ws_client::options over_tls() {
  ws_client::options how;
  how.tls = true;
  return how;
}

} // namespace

TEST_CASE("a session over TLS lives on the loop it came from") {
  auto context = self_signed();
  live_node node{{}, &context};
  ws_client client{node.port(), over_tls()};
  CHECK(client.answer_status() == 101);
  client.start();
  client.next("hello");
  auto id = node.post("p-1", "a");
  CHECK(client.next("notification")["offset"] == 1);
  client.command("read", id);
  CHECK(client.next("update")["state"] == "read");
  node.advance(26s);
  client.next("ping");
}

TEST_CASE("sessions over TLS are drained and cut like others") {
  auto context = self_signed();
  live_node node{{}, &context};
  ws_client polite{node.port(), over_tls()};
  polite.start();
  polite.next("hello");
  ws_client gone{node.port(), over_tls()};
  gone.start();
  gone.next("hello");
  gone.cut();
  REQUIRE(node.wait_for_sessions(1));
  bool clean = false;
  std::thread stopper{[&] { clean = node.handler().stop(10s); }};
  CHECK(polite.wait_for_close() == 1001);
  stopper.join();
  CHECK(clean);
}
