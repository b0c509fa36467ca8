#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>

#include "zevi/error.hpp"

/// What the NATS client hands out, given back by destruction, and its failures as errors.
namespace zevi::bridges {

template <auto destroy>
struct NatsDeleter {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    destroy(handle);
  }
};

using NatsOptions = std::unique_ptr<natsOptions, NatsDeleter<natsOptions_Destroy>>;
using NatsConnection = std::unique_ptr<natsConnection, NatsDeleter<natsConnection_Destroy>>;
using NatsSubscription = std::unique_ptr<natsSubscription, NatsDeleter<natsSubscription_Destroy>>;
using NatsMessage = std::unique_ptr<natsMsg, NatsDeleter<natsMsg_Destroy>>;
using JetStream = std::unique_ptr<jsCtx, NatsDeleter<jsCtx_Destroy>>;
using JetStreamInfo = std::unique_ptr<jsStreamInfo, NatsDeleter<jsStreamInfo_Destroy>>;

/// Throws `zevi::Error` with the client's words unless the call went well.
inline void must(natsStatus status, const std::string& what) {
  if (status != NATS_OK) throw Error(what + ": " + natsStatus_GetText(status));
}

}  // namespace zevi::bridges
