#include "zevi/pack.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "random_msgpack.hpp"
#include "seed.hpp"

using namespace zevi;
using pack::Item;
using pack::Reader;
using pack::Type;
using pack::Writer;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 0xF];
  }
  return out;
}

template <typename Write>
std::string written(Write write) {
  std::string out;
  Writer writer(out);
  write(writer);
  return out;
}

std::string uint_hex(std::uint64_t value) {
  return hex(written([=](Writer& writer) { writer.uint(value); }));
}
std::string sint_hex(std::int64_t value) {
  return hex(written([=](Writer& writer) { writer.sint(value); }));
}

Item only_item(std::string_view bytes) {
  Reader reader(bytes);
  Item item;
  REQUIRE(reader.next(item));
  CHECK(reader.at_end());
  return item;
}

/// The head of a value of `size` bytes or elements, without what follows.
template <typename Put>
std::string head_hex(Put put, std::uint32_t size) {
  std::uint8_t head[pack::head_bytes_max];
  return hex({reinterpret_cast<const char*>(head), static_cast<std::size_t>(put(head, size) - head)});
}

}  // namespace

TEST_CASE("an integer takes its shortest form on both sides of every border") {
  CHECK(uint_hex(0) == "00");
  CHECK(uint_hex(0x7F) == "7f");
  CHECK(uint_hex(0x80) == "cc80");
  CHECK(uint_hex(0xFF) == "ccff");
  CHECK(uint_hex(0x100) == "cd0100");
  CHECK(uint_hex(0xFFFF) == "cdffff");
  CHECK(uint_hex(0x10000) == "ce00010000");
  CHECK(uint_hex(0xFFFFFFFF) == "ceffffffff");
  CHECK(uint_hex(0x100000000) == "cf0000000100000000");
  CHECK(uint_hex(UINT64_MAX) == "cfffffffffffffffff");
  CHECK(sint_hex(1) == "01");
  CHECK(sint_hex(INT64_MAX) == "cf7fffffffffffffff");
  CHECK(sint_hex(-1) == "ff");
  CHECK(sint_hex(-32) == "e0");
  CHECK(sint_hex(-33) == "d0df");
  CHECK(sint_hex(-128) == "d080");
  CHECK(sint_hex(-129) == "d1ff7f");
  CHECK(sint_hex(-32768) == "d18000");
  CHECK(sint_hex(-32769) == "d2ffff7fff");
  CHECK(sint_hex(INT32_MIN) == "d280000000");
  CHECK(sint_hex(std::int64_t{INT32_MIN} - 1) == "d3ffffffff7fffffff");
  CHECK(sint_hex(INT64_MIN) == "d38000000000000000");
}

TEST_CASE("the head of text, bytes, arrays and maps takes its shortest form on both sides of every border") {
  CHECK(head_hex(pack::put_string_head, 0) == "a0");
  CHECK(head_hex(pack::put_string_head, 31) == "bf");
  CHECK(head_hex(pack::put_string_head, 32) == "d920");
  CHECK(head_hex(pack::put_string_head, 255) == "d9ff");
  CHECK(head_hex(pack::put_string_head, 256) == "da0100");
  CHECK(head_hex(pack::put_string_head, 65535) == "daffff");
  CHECK(head_hex(pack::put_string_head, 65536) == "db00010000");
  CHECK(head_hex(pack::put_binary_head, 0) == "c400");
  CHECK(head_hex(pack::put_binary_head, 255) == "c4ff");
  CHECK(head_hex(pack::put_binary_head, 256) == "c50100");
  CHECK(head_hex(pack::put_binary_head, 65536) == "c600010000");
  CHECK(head_hex(pack::put_array_head, 15) == "9f");
  CHECK(head_hex(pack::put_array_head, 16) == "dc0010");
  CHECK(head_hex(pack::put_array_head, 65535) == "dcffff");
  CHECK(head_hex(pack::put_array_head, 65536) == "dd00010000");
  CHECK(head_hex(pack::put_array32_head, 1) == "dd00000001");
  CHECK(head_hex(pack::put_map_head, 15) == "8f");
  CHECK(head_hex(pack::put_map_head, 16) == "de0010");
  CHECK(head_hex(pack::put_map_head, 65535) == "deffff");
  CHECK(head_hex(pack::put_map_head, 65536) == "df00010000");
}

TEST_CASE("nil, booleans and floats have one form") {
  CHECK(hex(written([](Writer& writer) { writer.nil().boolean(false).boolean(true); })) == "c0c2c3");
  CHECK(hex(written([](Writer& writer) { writer.real(1.5); })) == "cb3ff8000000000000");
  CHECK(hex(written([](Writer& writer) { writer.real(-0.0); })) == "cb8000000000000000");
}

TEST_CASE("a wide integer always takes nine bytes, before 1970 too") {
  std::uint8_t bytes[9];
  for (const std::int64_t value : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    CHECK(pack::put_int64_wide(bytes, value) == bytes + 9);
    const Item item = only_item({reinterpret_cast<const char*>(bytes), 9});
    REQUIRE(item.fits_int64());
    CHECK(item.as_int64() == value);
  }
}

TEST_CASE("text that is not UTF-8 is written as bin, byte for byte") {
  const std::string latin1 = "caf\xe9";
  const std::string as_bin = written([&](Writer& writer) { writer.text(latin1); });
  CHECK(hex(as_bin) == "c404636166e9");
  CHECK(only_item(as_bin).type == Type::binary);
  CHECK(only_item(as_bin).bytes == latin1);
  std::uint8_t put[16];
  CHECK(pack::put_text(put, latin1) == put + 6);
  CHECK(hex({reinterpret_cast<const char*>(put), 6}) == "c404636166e9");
  CHECK(hex(written([](Writer& writer) { writer.text("é"); })) == "a2c3a9");
}

TEST_CASE("text of every length keeps within its five bytes more, and is looked at to its last byte") {
  const auto put = [](const std::string& text) {
    // Blocks of the exact sizes, so that a sanitizer sees every byte read or written beside them.
    const std::vector<char> from(text.begin(), text.end());
    std::vector<std::uint8_t> to(text.size() + 5);
    const std::uint8_t* const end = pack::put_text(to.data(), {from.data(), from.size()});
    return std::string(reinterpret_cast<const char*>(to.data()), static_cast<std::size_t>(end - to.data()));
  };
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('0' + i);
    CHECK(put(text) == written([&](Writer& writer) { writer.text(text); }));
    CHECK(only_item(put(text)).type == Type::string);
    CHECK(only_item(put(text)).bytes == text);
    for (std::size_t i = 0; i < size; ++i) {
      std::string broken = text;
      broken[i] = '\xE9';
      CHECK(only_item(put(broken)).type == Type::binary);
      CHECK(only_item(put(broken)).bytes == broken);
      if (i + 1 == size) continue;
      std::string utf8 = text;
      utf8.replace(i, 2, "é");
      CHECK(only_item(put(utf8)).type == Type::string);
      CHECK(only_item(put(utf8)).bytes == utf8);
    }
  }
}

TEST_CASE("every integer form is read as its number") {
  const auto reads = [](const std::string& bytes, bool is_negative, std::uint64_t bits) {
    const Item item = only_item(bytes);
    CHECK(item.type == Type::integer);
    CHECK(item.is_negative == is_negative);
    CHECK(item.bits == bits);
  };
  reads("\x7f", false, 127);
  reads("\xe0", true, static_cast<std::uint64_t>(-32));
  reads("\xcc\x05", false, 5);
  reads({"\xcd\x00\x05", 3}, false, 5);
  reads({"\xce\x00\x00\x00\x05", 5}, false, 5);
  reads({"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9}, false, UINT64_MAX);
  reads({"\xd0\x05", 2}, false, 5);
  reads({"\xd0\xff", 2}, true, UINT64_MAX);
  reads({"\xd1\xff\xfe", 3}, true, static_cast<std::uint64_t>(-2));
  reads({"\xd2\x80\x00\x00\x00", 5}, true, static_cast<std::uint64_t>(std::int64_t{INT32_MIN}));
  reads({"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9}, true, std::uint64_t{1} << 63);
  CHECK_FALSE(only_item({"\xcf\x80\x00\x00\x00\x00\x00\x00\x00", 9}).fits_int64());
  CHECK_FALSE(only_item("\xff").fits_uint64());
}

TEST_CASE("floats of both sizes are read, infinities and NaN too") {
  CHECK(only_item({"\xca\x3f\xc0\x00\x00", 5}).real == 1.5);
  CHECK(std::isinf(only_item({"\xca\x7f\x80\x00\x00", 5}).real));
  CHECK(std::isnan(only_item(written([](Writer& writer) { writer.real(std::nan("")); })).real));
}

TEST_CASE("every extension form is read with its type and bytes") {
  const auto reads = [](std::string_view head, std::size_t size) {
    const std::string bytes = std::string(head) + '\x85' + std::string(size, 'x');
    const Item item = only_item(bytes);
    CHECK(item.type == Type::extension);
    CHECK(item.extension_type == static_cast<std::int8_t>(0x85));
    CHECK(item.bytes == std::string(size, 'x'));
  };
  reads("\xd4", 1);
  reads("\xd5", 2);
  reads("\xd6", 4);
  reads("\xd7", 8);
  reads("\xd8", 16);
  reads("\xc7\x03", 3);
  reads({"\xc8\x00\x03", 3}, 3);
  reads({"\xc9\x00\x00\x00\x03", 5}, 3);
}

TEST_CASE("a count larger than the bytes behind it is refused where it stands") {
  for (const std::string_view bytes :
       {std::string_view("\xdd\xff\xff\xff\xff"), std::string_view("\xdf\xff\xff\xff\xff"),
        std::string_view("\xdc\xff\xff\x00", 4), std::string_view("\xde\x00\x02\x00\x00\x00", 6),
        std::string_view("\x91"), std::string_view("\x81\x00", 2), std::string_view("\xdb\xff\xff\xff\xff"),
        std::string_view("\xc6\xff\xff\xff\xff"), std::string_view("\xc9\xff\xff\xff\xff\x00", 6)}) {
    Reader reader(bytes);
    Item item;
    INFO(hex(bytes));
    CHECK_FALSE(reader.next(item));
    CHECK_FALSE(reader.next(item));
    CHECK_FALSE(Reader(bytes).skip());
  }
}

TEST_CASE("the byte that msgpack never uses is refused, and nothing is read after it") {
  Reader reader("\xc1\x01");
  Item item;
  CHECK_FALSE(reader.next(item));
  CHECK_FALSE(reader.next(item));
}

TEST_CASE("a value nested a hundred thousand deep is passed over without recursion") {
  const std::string nested = std::string(100'000, '\x91') + '\xc0';
  Reader reader(nested);
  std::string_view value;
  CHECK(reader.skip(value));
  CHECK(value.size() == nested.size());
  CHECK(reader.at_end());
}

TEST_CASE("random values are read back as they were written, and no prefix of one is a value") {
  INFO(test::seed_message());
  test::Random random(test::seed());
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    Writer writer(bytes);
    test::put_random_value(writer, random, 4);
    Reader reader(bytes);
    std::string_view whole;
    REQUIRE(reader.skip(whole));
    REQUIRE(whole == bytes);
    const std::size_t cut = test::below(random, bytes.size());
    REQUIRE_FALSE(Reader(std::string_view(bytes).substr(0, cut)).skip());
  }
}

TEST_CASE("random scalars keep their value") {
  INFO(test::seed_message());
  test::Random random(test::seed());
  for (int round = 0; round < 5000; ++round) {
    const std::uint64_t bits = test::random_bits(random);
    const auto negative = static_cast<std::int64_t>(~(bits >> 1));
    const double real = std::bit_cast<double>(random());
    const std::string text = test::random_text(random);
    const std::string binary = test::random_bytes(random);
    const std::string bytes = written(
        [&](Writer& writer) { writer.uint(bits).sint(negative).real(real).text(text).binary(binary); });
    Reader reader(bytes);
    Item item;
    REQUIRE((reader.next(item) && item.fits_uint64() && item.bits == bits));
    REQUIRE((reader.next(item) && item.fits_int64() && item.as_int64() == negative));
    REQUIRE(
        (reader.next(item) && std::bit_cast<std::uint64_t>(item.real) == std::bit_cast<std::uint64_t>(real)));
    REQUIRE((reader.next(item) && item.type == Type::string && item.bytes == text));
    REQUIRE((reader.next(item) && item.type == Type::binary && item.bytes == binary));
    REQUIRE(reader.at_end());
  }
}

TEST_CASE("a known text is taken if it comes next and is whole, and nothing else is") {
  const std::string long_text(31, 'x');
  for (const std::string& text : {std::string(), std::string("q"), std::string("sixlen"),
                                  std::string("sevenby"), std::string("eightbyt"), long_text}) {
    std::string bytes;
    pack::Writer(bytes).text(text);
    for (std::size_t behind = 0; behind < 10; ++behind) {
      const std::string whole = bytes + std::string(behind, 'y');
      for (std::size_t size = 0; size <= whole.size(); ++size) {
        const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        pack::Reader reader({exact.data(), exact.size()});
        const bool is_whole = size >= bytes.size();
        CHECK(reader.take(pack::KnownText(text)) == is_whole);
        CHECK(reader.offset() == (is_whole ? bytes.size() : 0));
      }
      for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        CHECK_FALSE(pack::Reader(changed).take(pack::KnownText(text)));
      }
    }
  }
  const std::string longer(32, 'x');
  std::string bytes;
  pack::Writer(bytes).text(longer).nil();
  CHECK_FALSE(pack::Reader(bytes).take(pack::KnownText(longer)));
}

TEST_CASE("what is taken in a common form is what would have been read, and the rest is left alone") {
  for (unsigned first = 0; first < 256; ++first) {
    for (const char fill : {'\x00', '\x7f', '\x80', '\xff'}) {
      for (std::size_t size = 1; size < 40; ++size) {
        std::vector<char> bytes(size, fill);
        bytes[0] = static_cast<char>(first);
        const std::string_view view{bytes.data(), bytes.size()};
        pack::Reader plain(view);
        pack::Item item;
        const bool is_read = plain.next(item);
        std::uint64_t number = 0;
        std::int64_t with_sign = 0;
        std::string_view text;
        if (pack::Reader reader(view); reader.take_uint(number)) {
          REQUIRE(
              (is_read && item.fits_uint64() && item.bits == number && reader.offset() == plain.offset()));
        } else {
          REQUIRE(reader.offset() == 0);
        }
        if (pack::Reader reader(view); reader.take_int(with_sign)) {
          REQUIRE((is_read && item.fits_int64() && item.as_int64() == with_sign));
          REQUIRE(reader.offset() == plain.offset());
        } else {
          REQUIRE(reader.offset() == 0);
        }
        if (pack::Reader reader(view); reader.take_short_text(text)) {
          REQUIRE((is_read && item.type == pack::Type::string && item.bytes == text));
          REQUIRE(reader.offset() == plain.offset());
        } else {
          REQUIRE(reader.offset() == 0);
        }
      }
    }
  }
}
