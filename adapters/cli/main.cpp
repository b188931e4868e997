#include "adapters/cli/command_line.hpp"

#include <curl/curl.h>

#include <iostream>

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  auto code = carillon::cli::run({argv + 1, argv + argc}, std::cout, std::cerr);
  curl_global_cleanup();
  return code;
}
