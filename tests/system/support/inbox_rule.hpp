#pragma once

#include <nlohmann/json.hpp>

namespace carillon::test {

/// What `world::new_rule` needs for an in-app message alone, with the text `{{data.text}}`.
inline const nlohmann::json in_app
    = {{"delivery",
        {{"strategy", "fallback"},
         {"channels", nlohmann::json::array({{{"channel", "in_app"}, {"until", "sent"}}})}}},
       {"content", {{"in_app", {{"title", "News"}, {"body", "{{data.text}}"}}}}}};

} // namespace carillon::test
