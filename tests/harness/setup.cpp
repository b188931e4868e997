#include "tests/harness/setup.hpp"

#include <nlohmann/json.hpp>

namespace carillon::harness {

using nlohmann::json;

const http_reply& expect(const http_reply& reply, int wanted, std::string_view what) {
  if (reply.status != wanted)
    throw failure(std::string{what} + ": " + std::to_string(reply.status) + " instead of "
                  + std::to_string(wanted) + ": " + reply.body);
  return reply;
}

namespace {

void expect_put(const http_reply& reply, const std::string& what) {
  if (reply.status != 200 && reply.status != 201 && reply.status != 204)
    throw failure(what + ": " + std::to_string(reply.status) + ": " + reply.body);
}

} // namespace

void put_rule(http_client& api, const std::string& name, const json& rule) {
  expect_put(api.put("/v1/rules/" + name, rule), "rule " + name);
}

void put_template(http_client& api, const std::string& name, const json& body) {
  expect_put(api.put("/v1/templates/" + name, body), "template " + name);
  expect_put(api.send("POST", "/v1/templates/" + name + "/versions/1/activate"),
             "activate template " + name);
}

void put_recipient(http_client& api, const std::string& id, const json& body) {
  expect_put(api.put("/v1/recipients/" + id, body), "recipient " + id);
}

std::string token_of(http_client& api, const std::string& id) {
  const auto reply = api.send("POST", "/v1/recipients/" + id + "/tokens");
  return expect(reply, 201, "token of " + id).json().at("token");
}

json cloud_event(std::string_view type, std::string_view id, json data) {
  return {{"specversion", "1.0"},
          {"type", type},
          {"source", "/tests"},
          {"id", id},
          {"data", std::move(data)}};
}

http_reply post_event(http_client& api, const json& event) {
  return api.post("/v1/events", event, {{"Content-Type", "application/cloudevents+json"}});
}

json sms_rule(std::string_view type, const json& more) {
  json one = {
      {"type", type},
      {"category", "transactional"},
      {"priority", "high"},
      {"recipient", "data.who"},
      {"timing", "immediate"},
      {"content", {{"sms", {{"text", "{{data.text}}"}}}}},
      {"delivery", {{"strategy", "fallback"}, {"channels", json::array({{{"channel", "sms"}}})}}}};
  one.merge_patch(more);
  return {{"event", type}, {"notifications", json::array({one})}};
}

} // namespace carillon::harness
