// What the tests include, as with_zmq.hpp beside it.
#ifndef ZEVI_PCH_CATCH
#define ZEVI_PCH_CATCH

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../tests/support/catch.hpp"

#endif
