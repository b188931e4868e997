#include "actors/delivery/inbox_content.hpp"

#include <nlohmann/json.hpp>

namespace carillon {

std::string inbox_content(const rendered_message& m, const json_ptr& data) {
  nlohmann::json out{{"title", m.title}, {"body", m.body}};
  if (m.extra && m.extra->contains("actions"))
    out["actions"] = m.extra->at("actions");
  if (data)
    out["data"] = *data;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace carillon
