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

/// The client's reason for a failure in this thread, without the place in its source that it puts in front.
inline std::string nats_reason(natsStatus status) {
  const char* const words = nats_GetLastError(nullptr);
  const std::string reason = words == nullptr ? "" : words;
  const std::size_t place = reason.starts_with('(') ? reason.find("): ") : std::string::npos;
  if (place != std::string::npos) return reason.substr(place + 3);
  return reason.empty() ? natsStatus_GetText(status) : reason;
}

}  // namespace zevi::bridges
