# cmake -P: writes OUTPUT, a source with the files of FOLDER/migrations and FOLDER/sql as literals.
file(GLOB migrations "${FOLDER}/migrations/*.sql")
file(GLOB statements "${FOLDER}/sql/*.sql")
list(SORT migrations)
list(SORT statements)

function(literals result)
  set(text "")
  foreach(file IN LISTS ARGN)
    get_filename_component(name "${file}" NAME_WE)
    file(READ "${file}" body)
    string(APPEND text "  {\"${name}\", R\"carillon(${body})carillon\"},\n")
  endforeach()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

literals(migration_literals ${migrations})
literals(statement_literals ${statements})
file(WRITE "${OUTPUT}" "// made by embed.cmake
#include \"persistence/postgres/embedded_sql.hpp\"

#include <stdexcept>
#include <string>

namespace carillon::persistence {

namespace {

constexpr embedded_file migrations[] = {
${migration_literals}};

constexpr embedded_file statements[] = {
${statement_literals}};

} // namespace

std::span<const embedded_file> embedded_migrations() {
  return migrations;
}

std::string_view statement(std::string_view name) {
  for (const auto& file : statements)
    if (file.name == name)
      return file.text;
  throw std::out_of_range{\"no statement \" + std::string{name}};
}

} // namespace carillon::persistence
")
