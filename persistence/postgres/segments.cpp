#include "persistence/postgres/segments.hpp"

#include "persistence/postgres/link.hpp"

#include <fmt/format.h>

namespace carillon::persistence {

std::vector<int> segments(link& of) {
  auto rows = of.run("select number from segments order by number");
  std::vector<int> result;
  for (int row = 0; row < rows.rows(); ++row)
    result.push_back(static_cast<int>(rows.number(row, 0)));
  return result;
}

int rotate_segment(link& to) {
  return static_cast<int>(to.run("select rotate_segment()").number(0, 0));
}

bool drop_segment(link& to, int number) {
  return to.run(fmt::format("select drop_segment({}, '0 s')", number)).at(0, 0) == "t";
}

} // namespace carillon::persistence
