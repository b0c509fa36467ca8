#include "suggestion.hpp"

#include "catch.hpp"

using zevi::program::nearest;

TEST_CASE("a mistyped word suggests the nearest candidate") {
  CHECK(nearest("sbu", {"pub", "sub", "status"}) == "sub");
  CHECK(nearest("statsu", {"pub", "sub", "status"}) == "status");
}

TEST_CASE("a word unlike all candidates suggests nothing") {
  CHECK(nearest("wombat", {"pub", "sub"}).empty());
  CHECK(nearest("x", {"ab"}).empty());
  CHECK(nearest("sub", {}).empty());
}
