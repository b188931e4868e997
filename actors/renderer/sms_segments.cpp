#include "actors/renderer/sms_segments.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace carillon {

namespace {

/// The default alphabet besides ASCII letters, digits and the ASCII signs below.
constexpr char32_t basic[]
    = U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
constexpr char32_t extended[] = U"\f^{}\\[~]|€";

char32_t next_code_point(std::string_view text, std::size_t& i) {
  auto byte
      = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
  auto c = byte(i);
  std::size_t n = c < 0x80 ? 1 : (c < 0xe0 ? 2 : (c < 0xf0 ? 3 : 4));
  char32_t out = n == 1 ? c : c & (0xffU >> (n + 1));
  for (std::size_t k = 1; k < n; ++k)
    out = out << 6 | (byte(i + k) & 0x3f);
  i += n;
  return out;
}

/// Septets of a character, 0 if the alphabet has none.
std::size_t septets(char32_t c) {
  if ((c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9'))
    return 1;
  if (std::find(std::begin(basic), std::end(basic) - 1, c) != std::end(basic) - 1)
    return 1;
  return std::find(std::begin(extended), std::end(extended) - 1, c) != std::end(extended) - 1 ? 2
                                                                                              : 0;
}

/// Segments for units that may not be split.
std::size_t count_segments(const std::vector<std::size_t>& units, std::size_t single,
                           std::size_t part) {
  std::size_t total = 0;
  for (auto u : units)
    total += u;
  if (total <= single)
    return 1;
  std::size_t segments = 1;
  std::size_t used = 0;
  for (auto u : units) {
    if (used + u > part) {
      ++segments;
      used = 0;
    }
    used += u;
  }
  return segments;
}

} // namespace

sms_size measure_sms(std::string_view text) {
  sms_size out;
  std::vector<std::size_t> narrow;
  std::vector<std::size_t> wide;
  for (std::size_t i = 0; i < text.size();) {
    auto c = next_code_point(text, i);
    auto n = septets(c);
    out.gsm7 = out.gsm7 && n != 0;
    narrow.push_back(n);
    wide.push_back(c > 0xffff ? 2 : 1);
    ++out.characters;
  }
  out.segments = out.gsm7 ? count_segments(narrow, 160, 153) : count_segments(wide, 70, 67);
  return out;
}

} // namespace carillon
