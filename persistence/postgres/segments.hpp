#pragma once

#include <cstdint>
#include <vector>

namespace carillon::persistence {

class link;

/// Opens a new segment `journal_<n>` and closes the current one; lanes write to it from their next
/// batch on. Gives its number. Throws `sql_failure`.
int rotate_segment(link& to);

/// Drops a closed segment with all its facts; the numbers of partitions and lanes go on where they
/// were. False if it is the current one or not there. However lately it was closed. Waits a bounded
/// time for readers. Throws `sql_failure`, also where its facts would be missed (docs/journal.md).
bool drop_segment(link& to, int number);

/// Numbers of the segments, oldest first.
std::vector<int> segments(link& of);

} // namespace carillon::persistence
