#include "freshness.hpp"

#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

std::vector<Piece> without_older(Piece&& piece, std::int64_t oldest_ns) {
  std::vector<Piece> parts;
  std::string entries;  // of the part that is being collected
  Piece part;
  const auto finish = [&] {
    if (part.n == 0) return;
    part.publisher = piece.publisher;
    part.origin = piece.origin;
    part.body = zmq::message_t(wire::body_head_bytes + entries.size());
    pack::put_raw(pack::put_array32_head(part.body.data<std::uint8_t>(), part.n), entries);
    parts.push_back(std::move(part));
    part = Piece();
    entries.clear();
  };
  std::uint64_t p = piece.p;
  wire::BodyReader reader(piece.body.to_string_view());
  for (wire::Entry entry; reader.next(entry); ++p) {
    if (entry.time_ns < oldest_ns) {
      finish();
      continue;
    }
    if (part.n++ == 0) part.p = p;
    entries.append(entry.whole);
  }
  if (part.n == piece.n) {
    parts.push_back(std::move(piece));
  } else {
    finish();
  }
  return parts;
}

}  // namespace zevi::broker
