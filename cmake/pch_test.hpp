// Precompiled for the tests.
#pragma once

#include "pch_core.hpp"

#include <catch2/catch.hpp>
