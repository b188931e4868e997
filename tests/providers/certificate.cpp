#include "tests/providers/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

#include <stdlib.h>

namespace carillon::test {

namespace {

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using x509_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using file_ptr = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

void extend(X509* x, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, x, x, nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(x, e, -1);
  X509_EXTENSION_free(e);
}

x509_ptr make(EVP_PKEY* key, const std::string& name) {
  x509_ptr x{X509_new(), &X509_free};
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 86400);
  X509_set_pubkey(x.get(), key);
  X509_NAME* subject = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x.get(), subject);
  const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
  extend(x.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(x.get(), NID_subject_alt_name, (address ? "IP:" : "DNS:") + name);
  if (X509_sign(x.get(), key, EVP_sha256()) == 0)
    throw std::runtime_error("cannot sign a certificate");
  return x;
}

} // namespace

certificate::certificate(const std::string& name) {
  auto pattern = (std::filesystem::temp_directory_path() / "carillon-cert-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a temporary directory");
  directory_ = pattern;
  const key_ptr key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  const auto x = make(key.get(), name);
  const file_ptr keys{std::fopen(key_file().c_str(), "we"), &std::fclose};
  PEM_write_PrivateKey(keys.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  const file_ptr certificates{std::fopen(certificate_file().c_str(), "we"), &std::fclose};
  PEM_write_X509(certificates.get(), x.get());
}

certificate::~certificate() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

} // namespace carillon::test
