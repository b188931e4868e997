#include "adapters/http/server/query.hpp"

namespace carillon::http {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_value(text[i + 1]);
      const auto low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        result.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    result.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
  }
  return result;
}

} // namespace

std::string decode_segment(std::string_view text) {
  return decode(text, false);
}

query_values::query_values(std::string_view query) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty())
      continue;
    const auto equals = pair.find('=');
    pairs_.emplace_back(decode(pair.substr(0, equals), true),
                        equals == std::string_view::npos ? std::string{}
                                                         : decode(pair.substr(equals + 1), true));
  }
}

std::optional<std::string_view> query_values::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_)
    if (key == name)
      return value;
  return std::nullopt;
}

} // namespace carillon::http
