#pragma once

#include <string>
#include <string_view>

/// How an event is put into a ZeroMQ message. The address of the clients says which: `DIRECTORY` is one
/// frame, `DIRECTORY#envelope` two.
namespace zevi::bench {

/// The topic, a NUL, and the event: nearly twice as fast as two frames, as every frame counts.
constexpr char topic_end = '\0';
/// The topic in one frame and the event in the next, as the ZeroMQ guide has it.
constexpr std::string_view envelope_mark = "#envelope";

struct ZmqAddress {
  std::string directory;
  bool has_envelope;

  explicit ZmqAddress(const std::string& address)
      : directory(address.substr(0, address.rfind('#'))), has_envelope(address.ends_with(envelope_mark)) {}
};

}  // namespace zevi::bench
