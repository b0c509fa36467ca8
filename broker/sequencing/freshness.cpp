#include "freshness.hpp"

#include <utility>

#include "piece_cutter.hpp"

namespace zevi::broker {

std::vector<Piece> without_older(Piece&& piece, std::int64_t oldest_ns) {
  std::vector<Piece> parts;
  PieceCutter cutter(piece);
  wire::BodyReader entries(piece.body.to_string_view());
  for (wire::Entry entry; entries.next(entry);) {
    if (entry.time_ns >= oldest_ns) {
      cutter.add(entry);
      continue;
    }
    cutter.cut_into(parts);
    cutter.skip(entry);
  }
  if (cutter.n() == piece.n) {
    parts.push_back(std::move(piece));
  } else {
    cutter.cut_into(parts);
  }
  return parts;
}

}  // namespace zevi::broker
