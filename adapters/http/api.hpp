#pragma once

#include "messages/interfaces.hpp"
#include "messages/time.hpp"

#include "adapters/http/actor_bridge.hpp"
#include "adapters/http/server/router.hpp"

#include <functional>
#include <map>
#include <string>

namespace carillon::http {

/// Everything the routes need from the rest of the node. Given once by the composition root; the
/// pointers outlive the server. Functions may be called from any I/O thread.
struct api_dependencies {
  actor_bridge* bridge = nullptr;
  const clock* now = nullptr;

  intake_actor intake;
  store_actor store;
  catalog_actor catalog;
  std::map<std::string, provider_actor> providers; ///< By the name in their callback URLs.

  std::string bootstrap_key; ///< API key with role `admin` of tenant `default`.
  std::string token_secret;  ///< At least 32 bytes; signs recipients' tokens.
  std::string public_url;    ///< As given to providers: the base of the URLs they sign.

  /// Takes over a connection to /v1/stream (WebSocket or SSE) of an authenticated recipient and
  /// writes the answer.
  std::function<void(upgraded_connection&&, std::string tenant, std::string recipient)> stream;

  std::function<std::string()> asyncapi; ///< The AsyncAPI 3 document, JSON.
  std::function<std::string()> metrics;  ///< Prometheus text.

  /// How the node fares, for /readyz and /healthz; answered once, from any thread.
  std::function<void(std::function<void(health)>)> node_health;

  /// Whether this node holds its lease right now; without it nothing is changed. Empty: it does.
  std::function<bool()> owns;
};

/// Builds the whole API (docs/api.md) on top of the engine's actors.
router make_api(api_dependencies dependencies);

/// Builds the API of a node that waits for another's end: health and documents are answered, all
/// else is 503 with `Retry-After`. Of the dependencies it uses `node_health` and `metrics`.
router make_standby_api(api_dependencies dependencies);

} // namespace carillon::http
