# Adds the generated source with the .sql files to carillon_persistence; included by the root list.
set(carillon_sql_folder "${CMAKE_CURRENT_LIST_DIR}")
file(GLOB carillon_sql CONFIGURE_DEPENDS "${carillon_sql_folder}/migrations/*.sql"
  "${carillon_sql_folder}/sql/*.sql")
set(carillon_sql_source "${CMAKE_BINARY_DIR}/generated/embedded_sql.cpp")
add_custom_command(OUTPUT "${carillon_sql_source}"
  COMMAND ${CMAKE_COMMAND} "-DFOLDER=${carillon_sql_folder}" "-DOUTPUT=${carillon_sql_source}"
    -P "${carillon_sql_folder}/embed.cmake"
  DEPENDS ${carillon_sql} "${carillon_sql_folder}/embed.cmake" VERBATIM)
target_sources(carillon_persistence PRIVATE "${carillon_sql_source}")
