#include "split.hpp"

#include "piece_cutter.hpp"
#include "zevi/limits.hpp"

namespace zevi::broker {

std::vector<Piece> split(const Piece& piece) {
  std::vector<Piece> parts;
  PieceCutter cutter(piece);
  wire::BodyReader entries(piece.body.to_string_view());
  for (wire::Entry entry; entries.next(entry); cutter.add(entry)) {
    if (cutter.body_bytes() + entry.whole.size() > limits::message_bytes_max) cutter.cut_into(parts);
  }
  cutter.cut_into(parts);
  return parts;
}

}  // namespace zevi::broker
