// carillon-bench: benchmarks of the whole engine and of its parts. See docs/benchmarks.md.
#include "tests/bench/benchmarks.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>

#include <sys/resource.h>

namespace {

// Thousands of sessions; the daemon inherits it.
void raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  CLI::App app{"Carillon's benchmarks: one JSON object a line on standard output."};
  app.require_subcommand(1);
  carillon::bench::add_pipeline(app);
  carillon::bench::add_append(app);
  carillon::bench::add_growth(app);
  carillon::bench::add_contended(app);
  carillon::bench::add_endurance(app);
  carillon::bench::add_stream(app);
  carillon::bench::add_fanout(app);
  carillon::bench::add_sessions(app);
  carillon::bench::add_waiting(app);
  carillon::bench::add_replay(app);
  carillon::bench::add_node(app);
  carillon::bench::add_table(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "carillon-bench: %s\n", e.what());
    return 1;
  }
}
