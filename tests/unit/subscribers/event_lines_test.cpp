#include "event_lines.hpp"

#include <cstdlib>
#include <string>

#include "catch.hpp"
#include "zevi/pack.hpp"

using zevi::cli::append_json_line;
using zevi::cli::append_word;
using zevi::cli::TextLines;

namespace {

std::string word(std::string_view text) {
  std::string out;
  append_word(out, text);
  return out;
}

zevi::Event sample(std::string_view params) {
  zevi::Event event;
  event.topic = "E_CORE_LOG";
  event.q = 42;
  event.time_ns = 1'700'000'000'007'999'999;
  event.src = "open sips";
  event.pid = 312;
  event.params_raw = params;
  return event;
}

std::string sample_params() {
  std::string params;
  zevi::pack::Writer(params)
      .map(4)
      .text("level")
      .sint(-1)
      .text("message")
      .text("hi there")
      .text("x")
      .nil()
      .text("list")
      .array(2)
      .real(0.5)
      .map(1)
      .text("a")
      .boolean(true);
  return params;
}

}  // namespace

TEST_CASE("a JSON line has its keys in the order that is promised") {
  std::string out;
  const std::string params = sample_params();
  append_json_line(out, sample(params));
  CHECK(out == R"({"topic":"E_CORE_LOG","q":42,"time_ns":1700000000007999999,"src":"open sips","pid":312,)"
               R"("params":{"level":-1,"message":"hi there","x":null,"list":[0.5,{"a":true}]}})"
               "\n");
}

TEST_CASE("a text line has local time, topic, publisher and parameters") {
  setenv("TZ", "UTC", 1);
  tzset();
  std::string out;
  const std::string params = sample_params();
  TextLines(false).append(out, sample(params));
  CHECK(out ==
        "22:13:20.007 E_CORE_LOG \"open sips\"[312] level=-1 message=\"hi there\" x=null list=[0.5 "
        "{a=true}]\n");
}

TEST_CASE("a time before 1970 is no trouble") {
  setenv("TZ", "UTC", 1);
  tzset();
  std::string out;
  zevi::Event event = sample("\x80");
  event.time_ns = -1'000'000;
  TextLines(false).append(out, event);
  CHECK(out == "23:59:59.999 E_CORE_LOG \"open sips\"[312]\n");
}

TEST_CASE("color is around the parts and changes no text") {
  std::string plain;
  std::string colored;
  const std::string params = sample_params();
  TextLines(false).append(plain, sample(params));
  TextLines(true).append(colored, sample(params));
  std::string stripped;
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b') i = colored.find('m', i) + 1;
    if (colored[i] == '\x1b') {
      --i;
      continue;
    }
    stripped += colored[i];
  }
  CHECK(colored.find('\x1b') != std::string::npos);
  CHECK(stripped == plain);
}

TEST_CASE("a word is quoted only where it would read as something else") {
  CHECK(word("plain") == "plain");
  CHECK(word("udp:127.0.0.1:5060") == "udp:127.0.0.1:5060");
  CHECK(word("na\xc3\xafve") == "na\xc3\xafve");
  CHECK(word("") == "\"\"");
  CHECK(word("a b") == "\"a b\"");
  CHECK(word("a=b") == "\"a=b\"");
  CHECK(word("say \"x\" \\") == "\"say \\\"x\\\" \\\\\"");
  CHECK(word("42") == "\"42\"");
  CHECK(word("-1e9") == "\"-1e9\"");
  CHECK(word("1e999") == "\"1e999\"");
  CHECK(word("true") == "\"true\"");
  CHECK(word("null") == "\"null\"");
  CHECK(word("4x") == "4x");
}

TEST_CASE("nothing in a word moves the cursor or breaks the line") {
  CHECK(word("INVITE sip:a\r\nVia: b\t") == "\"INVITE sip:a\\r\\nVia: b\\t\"");
  CHECK(word("\x1b[2J") == "\"\\x1b[2J\"");
  CHECK(word("\xc2\x9b"
             "2J") == "\"\\u009b2J\"");
  CHECK(word("\xe2\x80\xae"
             "abc") == "\"\\u202eabc\"");
  CHECK(word("\x7f") == "\"\\x7f\"");
  CHECK(word("\xff\x1b\"a") == "b\"\\xff\\x1b\\\"a\"");
}
