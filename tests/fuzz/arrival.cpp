#include "arrival.hpp"

#include <cstdlib>

#include "frames_of.hpp"
#include "zevi/subscriber/params.hpp"

using namespace zevi::subscriber;

namespace {

/// Everything that a caller can read of a value.
void read(const zevi::Value& value) {
  static_cast<void>(value.as_int());
  static_cast<void>(value.as_uint());
  static_cast<void>(value.as_double());
  static_cast<void>(value.as_bool());
  static_cast<void>(value.as_text());
  for (const zevi::Value& item : value.items()) read(item);
  for (const auto& [name, inner] : value.entries()) read(inner);
}

}  // namespace

/// A message at either feed of a subscriber, and every value of its events.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  zevi::test::FrameCutter input({data, size});
  const zevi::Feed feed = (input.take_byte() & 1U) == 0 ? zevi::Feed::stream : zevi::Feed::events;
  Frames frames{input.take_frame(), input.take_frame(), input.take_frame()};
  Arrival arrival;
  if (!arrival.open(std::move(frames), feed)) return 0;
  std::uint64_t events = 0;
  while (const auto* const place = arrival.next()) {
    ++events;
    for (const auto& [name, value] : zevi::Params(arrival.params(*place))) read(value);
  }
  if (events != arrival.header().n) std::abort();
  return 0;
}
