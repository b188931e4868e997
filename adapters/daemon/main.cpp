#include "adapters/daemon/daemon.hpp"

#include <iostream>

int main(int argc, char** argv) {
  return carillon::daemon::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
