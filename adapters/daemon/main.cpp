#include "adapters/daemon/daemon.hpp"

#include <iostream>

// Read by jemalloc where the daemon is linked with it. What one thread allocates another frees, so
// memory is kept by processor and not by thread; what bursts leave behind goes back to the system
// within seconds. Together a third less of it for what waits. MALLOC_CONF overrides it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "percpu_arena:percpu,background_thread:true,dirty_decay_ms:2000,"
                          "muzzy_decay_ms:0";
}

int main(int argc, char** argv) {
  return carillon::daemon::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
