#pragma once

#include <nats/nats.h>

#include <string>

#include "zevi/error.hpp"

namespace zevi::bench {

inline void must(natsStatus status) {
  if (status != NATS_OK) throw Error(std::string("nats: ") + natsStatus_GetText(status));
}

}  // namespace zevi::bench
