#include "actors/profile/contact_points.hpp"

#include "actors/support/json_reader.hpp"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>

namespace carillon {

namespace {

namespace phone = i18n::phonenumbers;

bool is_alnum(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host(std::string_view host) noexcept {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.'
      || host.front() == '-')
    return false;
  if (host.find("..") != host.npos || (host.find('.') == host.npos && host != "localhost"))
    return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
  });
}

} // namespace

std::optional<std::string> normalize_phone(std::string_view text) {
  if (text.empty() || text.size() > 32 || text.front() != '+'
      || text.find_first_not_of("0123456789 ().-", 1) != text.npos)
    return std::nullopt;
  const auto* util = phone::PhoneNumberUtil::GetInstance();
  phone::PhoneNumber number;
  if (util->Parse(std::string{text}, "ZZ", &number) != phone::PhoneNumberUtil::NO_PARSING_ERROR
      || !util->IsPossibleNumber(number))
    return std::nullopt;
  if (text.find_first_not_of("0123456789", 1) == text.npos)
    return std::string{text}; // as given: formatting would drop Mexico's old mobile prefix, which
                              // WhatsApp still wants
  std::string out;
  util->Format(number, phone::PhoneNumberUtil::E164, &out);
  return out;
}

bool is_email(std::string_view text) noexcept {
  auto at = text.rfind('@');
  if (at == text.npos || at == 0 || at > 64 || text.size() > 254)
    return false;
  auto local = text.substr(0, at);
  auto clean = is_clean_text(local, false) && local.find_first_of(" @<>()[]\\,;:\"") == local.npos;
  return clean && local.front() != '.' && local.back() != '.' && local.find("..") == local.npos
         && is_host(text.substr(at + 1));
}

bool is_locale(std::string_view text) noexcept {
  std::size_t part = 0;
  bool first = true;
  for (char c : text) {
    if (c == '-') {
      if (part < (first ? 2U : 1U))
        return false;
      part = 0;
      first = false;
    } else if (!is_alnum(c) || ++part > 8 || (first && c >= '0' && c <= '9')) {
      return false;
    }
  }
  return part >= (first ? 2U : 1U);
}

bool is_recipient_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 256 && is_clean_text(text, false);
}

} // namespace carillon
