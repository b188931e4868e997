#include "config/fields.hpp"

namespace carillon {
namespace {

using namespace std::chrono_literals;
using fields = std::vector<field<provider_settings>>;

template <class Member>
field<provider_settings> plain(std::string path, Member member) {
  return {std::move(path), [=](const written_value& from, provider_settings& to) {
            return read_value(from, to.*member);
          }};
}

field<provider_settings> number(std::string path, std::uint32_t provider_settings::*member,
                                number_range range) {
  return {std::move(path), [=](const written_value& from, provider_settings& to) {
            return read_value(from, to.*member, range);
          }};
}

complaint read_timeout(const written_value& from, provider_settings& to) {
  duration value{};
  if (auto wrong = read_value(from, value, {50ms, 5min}); !wrong.empty())
    return wrong;
  to.timeout = value;
  return {};
}

complaint read_base_url(const written_value& from, provider_settings& to) {
  return read_url(from, to.base_url);
}

} // namespace

const std::vector<field<provider_settings>>& provider_fields() {
  using p = provider_settings;
  static constexpr number_range limits{0, 1'000'000'000};
  static const fields all{
      plain("name", &p::name),
      plain("kind", &p::kind),
      plain("channel", &p::on),
      number("priority", &p::priority, {0, 1000}),
      number("weight", &p::weight, {1, 1000}),
      {"base_url", read_base_url},
      plain("from", &p::from),
      number("limits.per_second", &p::per_second, limits),
      number("limits.per_minute", &p::per_minute, limits),
      number("limits.per_day", &p::per_day, limits),
      {"timeout", read_timeout},
      plain("callbacks", &p::callbacks),
      plain("enabled", &p::enabled),
  };
  return all;
}

const std::vector<provider_kind>& provider_kinds() {
  static const std::vector<provider_kind> all{
      {"twilio", {channel::sms}, {"account_sid", "auth_token"}, {"messaging_service_sid"}},
  };
  return all;
}

} // namespace carillon
