// What most sources with a socket include, read once for each library (Meson's cpp_pch): a build from nothing
// takes a third less. Every file includes what it uses all the same; -Db_pch=false builds without.
#ifndef ZEVI_PCH_ZMQ
#define ZEVI_PCH_ZMQ

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#endif
