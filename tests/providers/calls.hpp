#pragma once

#include "adapters/providers/support/http_client.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace carillon::test {

/// A POST with a small form body.
inline providers::http_request post_to(std::string url) {
  providers::http_request out;
  out.url = std::move(url);
  out.body = "To=%2B15550001111&Body=hello";
  return out;
}

/// Starts a call whose answer can be waited for.
inline std::future<providers::http_response> start(providers::http_client& client,
                                                   providers::http_request request) {
  auto promise = std::make_shared<std::promise<providers::http_response>>();
  auto out = promise->get_future();
  client.submit(std::move(request),
                [promise](providers::http_response&& r) { promise->set_value(std::move(r)); });
  return out;
}

/// Waits for it, at most 20 s.
template <class T>
T finish(std::future<T> answer) {
  REQUIRE(answer.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  return answer.get();
}

inline providers::http_response call(providers::http_client& client, providers::http_request r) {
  return finish(start(client, std::move(r)));
}

} // namespace carillon::test
