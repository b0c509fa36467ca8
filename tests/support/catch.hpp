#pragma once

// Catch2 as Debian 12 has it (version 2) and as newer systems have it (version 3).
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
