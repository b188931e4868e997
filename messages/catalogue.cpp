#include "messages/catalogue.hpp"

namespace carillon {

namespace {

tenant_catalogue_ptr empty_catalogue() {
  auto x = std::make_shared<tenant_catalogue>();
  x->categories = default_categories();
  x->global = std::make_shared<preferences>();
  return x;
}

} // namespace

const std::array<category_policy, enum_count<category>>& default_categories() {
  using enum settlement;
  using p = priority;
  static const std::array<category_policy, enum_count<category>> table{{
      {p::high, false, true, resend},   // transactional
      {p::high, false, true, resend},   // clinical
      {p::normal, false, true, resend}, // financial
      {p::normal, false, true, resend}, // membership; the opt-out covers its promotional part only
      {p::low, true, true, give_up},    // marketing
      {p::normal, false, true, resend}, // administrative
      {p::critical, false, false, resend}, // realtime_alert
      {p::low, true, true, give_up},       // review
      {p::critical, false, false, resend}, // emergency
  }};
  return table;
}

tenant_catalogue_ptr catalogue::of(const tenant_id& tenant) const {
  static const auto none = empty_catalogue();
  auto i = tenants.find(tenant);
  return i != tenants.end() ? i->second : none;
}

catalogue_cell::catalogue_cell() : current_(std::make_shared<const catalogue>()) {
  // nop
}

} // namespace carillon
