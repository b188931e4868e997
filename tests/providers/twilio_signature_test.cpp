#include "adapters/providers/support/crypto.hpp"
#include "adapters/providers/twilio/callback.hpp"

#include <catch2/catch.hpp>

using namespace carillon::providers;
using namespace carillon::providers::twilio;

namespace {

struct vector {
  const char* source;
  const char* token;
  const char* url;
  const char* body;
  const char* signature;
};

// Published with Twilio's documentation and its libraries, not made by this code.
const vector published[] = {
    {"docs/usage/security", "12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
     "CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%"
     "2B18005551212",
     "0/KCTR6DLpKmkAf8muzZqo1nDgQ="},
    {"twilio-node", "12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
     "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%"
     "2B18005551212",
     "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
    {"docs/usage/security, earlier edition", "12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
     "Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid="
     "CA1234567890ABCDE",
     "GvWf1cFY/Q7PnoempGyD5oXAezc="},
};

} // namespace

TEST_CASE("Twilio's published signatures are reproduced") {
  for (const auto& v : published) {
    CAPTURE(v.source);
    CHECK(signature_of(v.token, v.url, parse_form(v.body)) == v.signature);
    CHECK(is_signed_by(v.token, v.url, v.body, v.signature));
  }
}

TEST_CASE("The order of fields does not matter, their values do") {
  const auto& v = published[1];
  CHECK(is_signed_by(v.token, v.url,
                     "To=%2B18005551212&Digits=1234&From=%2B14158675309&Caller=%2B14158675309&"
                     "CallSid=CA1234567890ABCDE",
                     v.signature));
  CHECK_FALSE(
      is_signed_by(v.token, v.url,
                   "To=%2B18005551212&Digits=1235&From=%2B14158675309&Caller=%2B14158675309&"
                   "CallSid=CA1234567890ABCDE",
                   v.signature));
}

TEST_CASE("A wrong token, URL, signature, or none, is refused") {
  const auto& v = published[1];
  CHECK_FALSE(is_signed_by("12346", v.url, v.body, v.signature));
  CHECK_FALSE(
      is_signed_by(v.token, "https://mycompany.com/myapp.php?foo=1&bar=3", v.body, v.signature));
  CHECK_FALSE(is_signed_by(v.token, v.url, v.body, ""));
  CHECK_FALSE(is_signed_by(v.token, v.url, v.body, "RSOYDt4T1cUTdK1PDd93/VVr8B9="));
  CHECK_FALSE(is_signed_by(v.token, v.url, std::string{v.body} + "&x=1", v.signature));
  CHECK_FALSE(is_signed_by("", v.url, v.body, signature_of("", v.url, parse_form(v.body))));
}

TEST_CASE("A standard port may be in the signed URL or not") {
  const std::string body = "MessageSid=SM1";
  const auto fields = parse_form(body);
  const auto bare = signature_of("t", "https://a.example/x", fields);
  const auto full = signature_of("t", "https://a.example:443/x", fields);
  CHECK(is_signed_by("t", "https://a.example:443/x", body, bare));
  CHECK(is_signed_by("t", "https://a.example/x", body, full));
  const auto plain = signature_of("t", "http://u:p@[::1]:80/x?y=:9", fields);
  CHECK(is_signed_by("t", "http://u:p@[::1]/x?y=:9", body, plain));
  CHECK_FALSE(is_signed_by("t", "http://a.example:8080/x", body, bare));
}

TEST_CASE("Base64 and HMAC-SHA1 agree with RFC 4648 and RFC 2202") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(hmac_sha1_base64("Jefe", "what do ya want for nothing?") == "7/zfauXrL6LSdBbV8YTfnCWafHk=");
}
