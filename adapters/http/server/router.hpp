#pragma once

#include "adapters/http/server/request.hpp"
#include "adapters/http/server/responder.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/// Who may call a route.
enum class access : std::uint8_t {
  open,      ///< Anybody (health, documents, provider callbacks: they check their own signatures).
  key,       ///< An API key.
  recipient, ///< A recipient's token, for the recipient's own things, or an API key.
};

using handler = std::function<void(const request&, responder)>;

/// One line of the API: how it is called and who answers.
struct route {
  verb method = verb::get;
  std::string pattern; ///< `/v1/rules/{name}`.
  access who = access::key;
  handler handle;
};

/// What a route has answered, for the metrics. Written by the I/O threads without a lock.
struct route_statistics {
  std::atomic<std::uint64_t> answers[6]{}; ///< By first digit of the status; 0 is unused.
  std::atomic<std::uint64_t> microseconds{0};
};

/// The table of routes. Built before the server starts, then only read; shared by all sessions.
class router {
public:
  struct entry {
    route data;
    std::vector<std::string> segments; ///< A parameter is an empty segment.
    std::unique_ptr<route_statistics> statistics;
  };

  /// Looks at a request's head before its body is read (authentication): a refusal, or nothing to
  /// go on.
  using gatekeeper = std::function<std::optional<problem>(const route&, request&)>;

  /// Adds a route. Literal segments win over parameters, whatever the order of the calls.
  void add(verb method, std::string pattern, access who, handler handle);

  void set_gatekeeper(gatekeeper keeper) {
    gatekeeper_ = std::move(keeper);
  }

  struct match_result {
    const entry* found = nullptr; ///< The route, if path and method fit.
    std::string allow;            ///< Methods of that path, if only the method does not fit.
  };

  /// Finds the route and sets the request's parameters. `HEAD` is answered by the `GET` route.
  match_result match(request& what) const;

  /// Asks the gatekeeper.
  std::optional<problem> admit(const entry& found, request& what) const {
    return gatekeeper_ ? gatekeeper_(found.data, what) : std::nullopt;
  }

  const std::vector<entry>& entries() const {
    return entries_;
  }

private:
  std::vector<entry> entries_;
  gatekeeper gatekeeper_;
};

} // namespace carillon::http
