#include "zevi/wire/body.hpp"

namespace zevi::wire {

namespace {

bool read_entry(pack::Reader& reader, Entry& entry) noexcept {
  const std::string_view from = reader.rest();
  const std::size_t begin = reader.offset();
  pack::Item item;
  if (!reader.next(item) || item.type != pack::Type::array || item.count != 2) return false;
  if (!reader.next(item) || !item.fits_int64()) return false;
  entry.time_ns = item.as_int64();
  if (!reader.skip(entry.params)) return false;
  entry.whole = from.substr(0, reader.offset() - begin);
  return true;
}

}  // namespace

std::string_view describe(BodyError error) noexcept {
  switch (error) {
    case BodyError::none:
      return "no error";
    case BodyError::empty:
      return "a batch without events";
    case BodyError::too_large:
      return "the body is longer than 256 KiB";
    case BodyError::head:
      return "the body does not begin with a 5-byte array head";
    case BodyError::count:
      return "the body holds another number of events than its header says";
    case BodyError::truncated:
      return "the body ends inside a value";
    case BodyError::not_a_pair:
      return "an entry is no pair of time and parameters";
    case BodyError::time:
      return "an entry's time is no 64-bit integer";
    case BodyError::params:
      return "an event's parameters are no map";
    case BodyError::event_too_large:
      return "an event is longer than 64 KiB";
    case BodyError::nesting:
      return "arrays and maps are nested deeper than 16";
    case BodyError::key:
      return "a map key is no text";
    case BodyError::text:
      return "a str is not UTF-8 (send such bytes as bin)";
    case BodyError::extension:
      return "an extension type";
    case BodyError::reserved_byte:
      return "the reserved byte 0xC1";
    case BodyError::trailing:
      return "bytes behind the last event";
  }
  return "unknown error";
}

BodyReader::BodyReader(std::string_view body) noexcept : reader_(body) {
  pack::Item head;
  failed_ = !reader_.next(head) || head.type != pack::Type::array;
  if (!failed_) left_ = head.count;
}

bool BodyReader::next(Entry& entry) noexcept {
  if (failed_ || left_ == 0) return false;
  failed_ = !read_entry(reader_, entry);
  --left_;
  return !failed_;
}

}  // namespace zevi::wire
