#include "tests/http/server_fixture.hpp"

#include <catch2/catch.hpp>

namespace carillon::test {

using http::access;
using http::request;
using http::responder;
using http::text_response;
using http::verb;

http::server_settings server_fixture::quick() {
  http::server_settings result;
  result.port = 0;
  return result;
}

server_fixture::server_fixture(http::server_settings settings) {
  http::router routes;
  routes.add(verb::get, "/hello", access::open, [](const request&, const responder& answer) {
    answer(text_response(200, "hello", "text/plain"));
  });
  routes.add(verb::post, "/echo", access::open, [](const request& what, const responder& answer) {
    answer(text_response(200, std::string{what.body}, "text/plain"));
  });
  routes.add(verb::get, "/items/{id}", access::open,
             [](const request& what, const responder& answer) {
               answer(text_response(200, what.parameter(0), "text/plain"));
             });
  routes.add(verb::put, "/items/{id}", access::open,
             [](const request&, const responder& answer) { answer(http::no_content()); });
  routes.add(verb::post, "/sink", access::open,
             [](const request&, const responder& answer) { answer(http::no_content()); });
  routes.add(verb::get, "/later", access::open, [this](const request&, const responder& answer) {
    const std::lock_guard guard{mutex_};
    pending_.push_back(answer);
    changed_.notify_all();
  });
  server = std::make_unique<http::server>(std::move(settings), std::move(routes));
  const auto failed = server->start();
  INFO(failed.value_or(""));
  REQUIRE(!failed);
}

server_fixture::~server_fixture() = default;

bool server_fixture::wait_for_pending(std::size_t count) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, std::chrono::seconds{10},
                           [&] { return pending_.size() >= count; });
}

void server_fixture::answer_all(const std::string& body) {
  const std::lock_guard guard{mutex_};
  for (auto& answer : pending_)
    answer(text_response(200, body, "text/plain"));
  pending_.clear();
}

} // namespace carillon::test
