#include "zevi/wire/control_frame.hpp"

#include "frame_reader.hpp"

namespace zevi::wire {

std::string_view describe(DecodeError error) noexcept {
  switch (error) {
    case DecodeError::none:
      return "no error";
    case DecodeError::too_large:
      return "the frame is too large";
    case DecodeError::malformed:
      return "the frame is not one whole msgpack value";
    case DecodeError::not_a_map:
      return "the frame is no map with text keys";
    case DecodeError::missing_field:
      return "a required field is missing";
    case DecodeError::wrong_type:
      return "a field has the wrong type";
    case DecodeError::out_of_range:
      return "a field is outside its limits";
  }
  return "unknown error";
}

DecodeError decode_kind(std::string_view frame, Kind& kind) noexcept {
  kind = Kind::unknown;
  if (frame.size() > limits::replay_frame_bytes_max) return DecodeError::too_large;
  pack::Reader reader(frame);
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::map) return DecodeError::not_a_map;
  const std::uint32_t pairs = item.count;
  for (std::uint32_t i = 0; i < pairs; ++i) {
    if (!reader.next(item)) return DecodeError::malformed;
    if (item.type != pack::Type::string) return DecodeError::not_a_map;
    if (item.bytes != "k") {
      if (!reader.skip()) return DecodeError::malformed;
      continue;
    }
    if (!reader.next(item)) return DecodeError::malformed;
    if (item.type != pack::Type::string) return DecodeError::wrong_type;
    for (const Kind known : {Kind::events, Kind::beat, Kind::hello, Kind::bye, Kind::ack, Kind::interest,
                             Kind::welcome, Kind::reject, Kind::who, Kind::replay, Kind::stored, Kind::end}) {
      if (item.bytes == name_of(known)) kind = known;
    }
    return frame.size() > frame_bytes_max(kind) ? DecodeError::too_large : DecodeError::none;
  }
  return DecodeError::missing_field;
}

}  // namespace zevi::wire
