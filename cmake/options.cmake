# Compiler, flags and tools that hold for every target.

option(CARILLON_PCH "Use precompiled headers" ON)
option(CARILLON_TESTS "Build the tests" ON)
option(CARILLON_LINT "Configure for clang-tidy: no compiler warnings" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(THREADS_PREFER_PTHREAD_FLAG ON)
set(CMAKE_OPTIMIZE_DEPENDENCIES ON) # a library may be compiled before those it links

# -- build types -----------------------------------------------------------------------------------
set(CMAKE_CXX_FLAGS_DEV "-O0 -g1")
set(CMAKE_C_FLAGS_DEV "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
# Left out of UBSan: null, with which GCC 12 refuses constant expressions that take addresses; vptr,
# alignment and object-size, which together cost as much compile time as everything else here.
# -Og compiles in half the time of -O1 under the sanitizers and runs about as fast.
set(carillon_asan "-Og -g1 -fsanitize=address,undefined -fno-sanitize=null,vptr,alignment,object-size \
-fno-sanitize-recover=undefined -fno-omit-frame-pointer")
set(CMAKE_CXX_FLAGS_ASAN "${carillon_asan}")
set(CMAKE_C_FLAGS_ASAN "${carillon_asan}")
set(CMAKE_EXE_LINKER_FLAGS_ASAN "-fsanitize=address,undefined")

if(CARILLON_LINT)
  add_compile_options(-Wno-everything)
else()
  add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # These need the optimiser's guesses; in GCC 12 they fire inside libstdc++ and Asio.
  add_compile_options(-Wno-missing-field-initializers
    -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-dangling-pointer -Wno-use-after-free)
endif()

# Definitions are global so that all targets can share the precompiled headers.
add_compile_definitions(
  SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL SPDLOG_SHARED_LIB FMT_SHARED
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_BEAST_USE_STD_STRING_VIEW
  BOOST_ASIO_NO_DEPRECATED USE_OS_TZDB=1)
include_directories("${CMAKE_SOURCE_DIR}")

# Asio of Boost 1.74 uses std::exchange without <utility>. The precompiled headers start with it; a
# build without them needs it here (in both, GCC would not use the precompiled header).
if(NOT CARILLON_PCH)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:SHELL:-include\ utility>)
endif()

# -- fast tools where present ----------------------------------------------------------------------
find_program(CARILLON_CCACHE ccache)
if(CARILLON_CCACHE AND NOT CARILLON_LINT)
  foreach(language C CXX)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CARILLON_CCACHE})
  endforeach()
  if(CARILLON_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()
find_program(CARILLON_MOLD mold)
find_program(CARILLON_LLD ld.lld)
if(CARILLON_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(CARILLON_LLD)
  add_link_options(-fuse-ld=lld)
endif()

find_package(Threads REQUIRED)
