#pragma once

#include "persistence/failure.hpp"
#include "persistence/sealing/cipher.hpp"

#include <filesystem>

namespace carillon::persistence {

/// Reads the master key: 32 bytes in a file that only its owner can read. With `make_if_missing` it
/// is made (mode 0600, on disk before this returns). Errors (`key`): missing, unreadable, of
/// another size, readable for others.
fallible<key_bytes> load_master_key(const std::filesystem::path& file, bool make_if_missing);

} // namespace carillon::persistence
