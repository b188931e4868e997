#pragma once

namespace CLI {
class App;
}

/// Each benchmark is one file with one of these: it declares its subcommand and what it does. A
/// benchmark starts what it needs, is bounded in time, and prints one JSON object a line.
namespace carillon::bench {

void add_pipeline(CLI::App& app);
void add_append(CLI::App& app);
void add_growth(CLI::App& app);
void add_contended(CLI::App& app);
void add_endurance(CLI::App& app);
void add_stream(CLI::App& app);
void add_fanout(CLI::App& app);
void add_sessions(CLI::App& app);
void add_waiting(CLI::App& app);
void add_replay(CLI::App& app);
void add_node(CLI::App& app);
void add_table(CLI::App& app);

} // namespace carillon::bench
