#include "params_encoder.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "zevi/limits.hpp"
#include "zevi/pack.hpp"

namespace zevi::json {

namespace {

constexpr std::size_t removed = static_cast<std::size_t>(-1);

}  // namespace

void ParamsEncoder::reset() noexcept {
  out_.clear();
  open_.clear();
  members_.clear();
  repeated_keys_ = 0;
  fault_ = EncodeFault::none;
}

template <typename Put>
bool ParamsEncoder::value(Put put) {
  if (fault_ != EncodeFault::none) return false;
  if (!open_.empty()) ++open_.back().elements;
  put();
  return check_size();
}

bool ParamsEncoder::check_size() {
  if (out_.size() > limits::event_bytes_max) fault_ = EncodeFault::too_large;
  return fault_ == EncodeFault::none;
}

bool ParamsEncoder::nil() {
  return value([&] { pack::Writer(out_).nil(); });
}

bool ParamsEncoder::boolean(bool truth) {
  return value([&] { pack::Writer(out_).boolean(truth); });
}

bool ParamsEncoder::number(std::string_view digits) {
  return value([&] {
    pack::Writer writer(out_);
    const char* const begin = digits.data();
    const char* const end = begin + digits.size();
    const auto whole = [&](auto& number) {
      const auto [rest, error] = std::from_chars(begin, end, number);
      return error == std::errc{} && rest == end;
    };
    std::int64_t with_sign = 0;
    std::uint64_t without_sign = 0;
    double real = 0;
    if (whole(with_sign)) {
      writer.sint(with_sign);
    } else if (whole(without_sign)) {
      writer.uint(without_sign);
    } else if (digits.find_first_of(".eE") != std::string_view::npos && whole(real)) {
      writer.real(real);
    } else {
      writer.text(digits);
    }
  });
}

bool ParamsEncoder::text(std::string_view text) {
  return value([&] { pack::Writer(out_).text(text); });
}

bool ParamsEncoder::key(std::string_view name) {
  if (fault_ != EncodeFault::none) return false;
  const std::size_t at = out_.size();
  pack::Writer(out_).text(name);
  members_.push_back({at, out_.size()});
  return check_size();
}

bool ParamsEncoder::begin(bool is_map) {
  return value([&] {
    if (open_.size() == limits::nesting_max) fault_ = EncodeFault::nesting;
    open_.push_back({out_.size(), members_.size(), 0, is_map});
    out_.push_back(0);
  });
}

bool ParamsEncoder::end_map() {
  if (fault_ != EncodeFault::none) return false;
  const Container map = open_.back();
  open_.pop_back();
  if (!few_and_different(map.first_member)) merge_repeated(map);
  const std::size_t count = members_.size() - map.first_member;
  members_.resize(map.first_member);
  write_head(map, count);
  return check_size();
}

bool ParamsEncoder::end_array() {
  if (fault_ != EncodeFault::none) return false;
  const Container array = open_.back();
  open_.pop_back();
  write_head(array, array.elements);
  return check_size();
}

/// One byte was left for the head, which is right for nearly every map; what follows is moved for the others.
/// No offset in `members_` lies behind it any more.
void ParamsEncoder::write_head(const Container& container, std::size_t count) {
  if (count >= 16) out_.insert(container.head, count <= 0xFFFF ? 2 : 4, '\0');
  auto* const at = reinterpret_cast<std::uint8_t*>(out_.data()) + container.head;
  const auto count32 = static_cast<std::uint32_t>(count);
  if (container.is_map) {
    pack::put_map_head(at, count32);
  } else {
    pack::put_array_head(at, count32);
  }
}

std::string_view ParamsEncoder::key_of(std::size_t member) const noexcept {
  return std::string_view(out_).substr(members_[member].key, members_[member].value - members_[member].key);
}

/// The usual case, found out without sorting. A map of many names says no, since comparing each with each
/// would let one event of 64 KiB take the time of thousands.
bool ParamsEncoder::few_and_different(std::size_t first) const noexcept {
  if (members_.size() - first > 24) return false;
  for (std::size_t i = first; i < members_.size(); ++i) {
    for (std::size_t j = first; j < i; ++j) {
      if (key_of(i) == key_of(j)) return false;
    }
  }
  return true;
}

void ParamsEncoder::merge_repeated(const Container& map) {
  const std::size_t first = map.first_member;
  const std::size_t end = members_.size();
  order_.resize(end - first);
  std::iota(order_.begin(), order_.end(), first);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return key_of(a) < key_of(b); });

  value_of_.resize(end - first);
  std::size_t repeated = 0;
  for (std::size_t i = 0; i < order_.size();) {
    std::size_t behind = i + 1;
    while (behind < order_.size() && key_of(order_[behind]) == key_of(order_[i])) {
      value_of_[order_[behind] - first] = removed;
      ++behind;
    }
    value_of_[order_[i] - first] = order_[behind - 1];
    repeated += behind - i - 1;
    i = behind;
  }
  if (repeated == 0) return;

  merged_.clear();
  for (std::size_t i = first; i < end; ++i) {
    const std::size_t source = value_of_[i - first];
    if (source == removed) continue;
    const std::size_t from = members_[source].value;
    const std::size_t to = source + 1 < end ? members_[source + 1].key : out_.size();
    merged_.append(key_of(i)).append(out_, from, to - from);
  }
  out_.replace(map.head + 1, out_.size() - map.head - 1, merged_);
  members_.resize(end - repeated);
  repeated_keys_ += repeated;
}

}  // namespace zevi::json
