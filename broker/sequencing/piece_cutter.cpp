#include "piece_cutter.hpp"

#include "zevi/pack.hpp"

namespace zevi::broker {

void PieceCutter::cut_into(std::vector<Piece>& parts) {
  if (n_ == 0) return;
  zmq::message_t body(body_bytes());
  pack::put_raw(pack::put_array32_head(body.data<std::uint8_t>(), n_), body_.substr(begin_, end_ - begin_));
  parts.push_back({piece_.publisher, piece_.origin, p_, n_, std::move(body)});
  begin_ = end_;
  p_ += n_;
  n_ = 0;
}

}  // namespace zevi::broker
