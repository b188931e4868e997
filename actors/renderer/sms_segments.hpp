#pragma once

#include <cstddef>
#include <string_view>

namespace carillon {

/// How a text is cut into SMS (3GPP TS 23.038: GSM 7-bit default alphabet with its extension table,
/// else UCS-2).
struct sms_size {
  bool gsm7 = true;
  std::size_t characters = 0; ///< as people count them
  std::size_t segments = 0;
};

/// Size of a UTF-8 text.
sms_size measure_sms(std::string_view text);

} // namespace carillon
