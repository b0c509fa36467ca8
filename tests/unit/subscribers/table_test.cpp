#include "table.hpp"

#include "catch.hpp"
#include "printable.hpp"
#include "units.hpp"

using namespace std::chrono_literals;
using namespace zevi::cli;

TEST_CASE("columns of a table are as wide as what is in them") {
  Table table;
  table.add_column("NAME", Table::Align::left);
  table.add_column("N", Table::Align::right);
  table.add_column("X", Table::Align::left);
  table.add_row({"grün", "7", ""});
  table.add_row({"a longer one", "1234", "yes"});
  std::string out;
  table.append(out);
  CHECK(out ==
        "NAME             N  X\n"
        "grün             7\n"
        "a longer one  1234  yes\n");
}

TEST_CASE("nothing in a table moves a cursor") {
  CHECK(printable("a\x1B[2J\n\x7F"
                  "b") == "a?[2J??b");
  CHECK(printable("\xC2\x9B"
                  "x") == "?x");
  CHECK(printable("\xC3\xA4") == "\xC3\xA4");
  CHECK(printable("\xFF"
                  "x") == "?x");
}

TEST_CASE("numbers for people have three digits and a unit once they are large") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(99'999) == "99999");
  CHECK(count_text(100'000) == "100k");
  CHECK(count_text(999'600) == "1.00M");
  CHECK(count_text(1'234'567) == "1.23M");
  CHECK(count_text(45.6e9) == "45.6G");
  CHECK(rate_text(0) == "0");
  CHECK(rate_text(0.4) == "0.4/s");
  CHECK(rate_text(1234) == "1234/s");
  CHECK(bytes_text(512) == "512 B");
  CHECK(bytes_text(1536) == "1.50 KiB");
  CHECK(bytes_text(64 << 20) == "64.0 MiB");
  CHECK(bytes_text(1023u << 20) == "1.00 GiB");
  CHECK(duration_text(300ms) == "0.3s");
  CHECK(duration_text(12s) == "12s");
  CHECK(duration_text(3min + 2s) == "3m02s");
  CHECK(duration_text(26h) == "1d02h");
}
