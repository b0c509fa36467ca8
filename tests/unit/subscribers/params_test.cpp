#include "zevi/subscriber/params.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "zevi/subscriber/event.hpp"

using zevi::Params;
using zevi::Value;
using zevi::ValueType;

namespace {

std::string sample() {
  std::string out;
  zevi::pack::Writer writer(out);
  writer.map(8).text("level").sint(-3).text("message").text("hi").text("big").uint(UINT64_MAX);
  writer.text("half").real(0.5).text("yes").boolean(true).text("none").nil();
  writer.text("raw").binary("\xff").text("list").array(2).uint(1).map(1).text("in").text("side");
  return out;
}

struct Greeting {
  static constexpr std::string_view topic = "E_GREETING";
  std::string_view message;
  static bool decode(std::string_view params, Greeting& out) {
    const auto message = Params(params).find("message").as_text();
    if (message) out.message = *message;
    return message.has_value();
  }
};

}  // namespace

TEST_CASE("parameters are walked in the order of the map") {
  const std::string bytes = sample();
  std::vector<std::string> names;
  for (const auto& [name, value] : Params(bytes)) names.emplace_back(name);
  CHECK(names == std::vector<std::string>{"level", "message", "big", "half", "yes", "none", "raw", "list"});
}

TEST_CASE("a value is given in the types that it has and in no others") {
  const std::string bytes = sample();
  const Params params(bytes);
  CHECK(params.find("level").as_int() == -3);
  CHECK_FALSE(params.find("level").as_uint());
  CHECK(params.find("level").as_double() == -3.0);
  CHECK_FALSE(params.find("big").as_int());
  CHECK(params.find("big").as_uint() == UINT64_MAX);
  CHECK(params.find("half").as_double() == 0.5);
  CHECK_FALSE(params.find("half").as_int());
  CHECK(params.find("yes").as_bool() == true);
  CHECK(params.find("none").is_nil());
  CHECK(params.find("message").as_text() == "hi");
  CHECK(params.find("raw").type() == ValueType::binary);
  CHECK(params.find("raw").as_text() == "\xff");
  CHECK_FALSE(params.find("message").as_int());
}

TEST_CASE("an absent parameter is no value and an explicit nil is one") {
  const std::string bytes = sample();
  CHECK_FALSE(Params(bytes).find("nowhere"));
  CHECK(Params(bytes).find("none"));
  CHECK(Params(bytes).find("nowhere").as_int().value_or(5) == 5);
}

TEST_CASE("nested arrays and maps are walked like parameters") {
  const std::string bytes = sample();
  const Value list = Params(bytes).find("list");
  REQUIRE(list.size() == 2);
  std::vector<Value> items;
  for (const Value& item : list.items()) items.push_back(item);
  REQUIRE(items.size() == 2);
  CHECK(items[0].as_int() == 1);
  CHECK(items[1].entries().find("in").as_text() == "side");
  CHECK(Params(bytes).find("level").items().size() == 0);
  CHECK(Params(bytes).find("level").entries().empty());
}

TEST_CASE("of a name that occurs twice the last one counts") {
  std::string bytes;
  zevi::pack::Writer(bytes).map(2).text("a").uint(1).text("a").uint(2);
  CHECK(Params(bytes).find("a").as_int() == 2);
}

TEST_CASE("views over bytes that are cut anywhere end early and read nothing beyond") {
  const std::string bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    std::size_t walked = 0;
    for (const auto& param : Params(cut)) walked += param.name.empty() ? 0 : 1;
    CHECK(walked < 8);
    CHECK_FALSE(Params(cut).find("list"));
  }
}

TEST_CASE("an event is read as a typed struct if it has that topic and those types") {
  const std::string bytes = sample();
  zevi::Event event;
  event.topic = "E_GREETING";
  event.params_raw = bytes;
  Greeting greeting;
  CHECK(event.as(greeting));
  CHECK(greeting.message == "hi");
  CHECK(event.as<Greeting>()->message == "hi");
  event.topic = "E_OTHER";
  CHECK_FALSE(event.as<Greeting>());
  event.topic = "E_GREETING";
  event.params_raw = "\x80";
  CHECK_FALSE(event.as<Greeting>());
}
