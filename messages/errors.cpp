#include "messages/errors.hpp"

#include <caf/atom.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

namespace carillon {

namespace {

constexpr auto category_atom = caf::atom("carillon");

} // namespace

static_assert(static_cast<std::size_t>(errc::shutting_down) + 1 == enum_count<errc>);

caf::error make_error(errc code, std::string context) {
  return caf::error{static_cast<std::uint8_t>(code), category_atom,
                    caf::make_message(std::move(context))};
}

errc code_of(const caf::error& e) noexcept {
  if (!e || e.category() != category_atom || e.code() >= enum_count<errc>)
    return errc::none;
  return static_cast<errc>(e.code());
}

std::string render(const caf::error& e) {
  if (!e)
    return "none";
  auto context = caf::deep_to_string(e.context());
  if (auto code = code_of(e); code != errc::none)
    return std::string{to_string(code)} + " " + context;
  return caf::to_string(e.category()) + "(" + std::to_string(e.code()) + ") " + context;
}

} // namespace carillon
