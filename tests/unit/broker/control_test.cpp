#include "catch.hpp"
#include "control/effective_options.hpp"
#include "control/listing.hpp"
#include "runtime/row.hpp"
#include "topics/activity.hpp"
#include "zevi/wire/body.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;

namespace {

Now at(std::chrono::milliseconds time) {
  return {SteadyTime{} + 1h + time, 1'000 + static_cast<std::uint64_t>(time.count())};
}

}  // namespace

TEST_CASE("the rate of a topic is that of the last five whole seconds") {
  Activity activity;
  CHECK(activity.rate(at(0ms).steady) == 0);
  activity.count(10, 100, at(0ms));
  activity.count(5, 50, at(900ms));
  CHECK(activity.rate(at(999ms).steady) == 0);
  CHECK(activity.rate(at(1000ms).steady) == 3);
  activity.count(20, 1, at(3000ms));
  CHECK(activity.rate(at(4000ms).steady) == 7);
  CHECK(activity.rate(at(5999ms).steady) == 7);
  CHECK(activity.rate(at(6000ms).steady) == 4);
  CHECK(activity.rate(at(60'000ms).steady) == 0);
  CHECK(activity.events() == 35);
  CHECK(activity.bytes() == 151);
  CHECK(activity.last_ns() == 4000);
}

TEST_CASE("seconds that share a place with older ones begin anew") {
  Activity activity;
  for (int second = 0; second < 100; ++second) activity.count(10, 1, at(second * 1000ms));
  CHECK(activity.rate(at(100'000ms).steady) == 10);
}

TEST_CASE("a row is a map of as many fields as it was given") {
  std::string out = "in front";
  Row(out).text("t", "x").uint("u", 7).real("r", 0.5).boolean("b", true).field("l").array(0);
  const std::string_view row = std::string_view(out).substr(8);
  CHECK(zevi::wire::check_params(row));
  zevi::pack::Reader reader(row);
  zevi::pack::Item head;
  REQUIRE(reader.next(head));
  CHECK(head.count == 5);
}

TEST_CASE("a list is cut into slices by time and into answers by rows and bytes") {
  Rows rows(100);
  rows.begin_slice();
  std::size_t in_slice = 0;
  const SteadyTime begin = std::chrono::steady_clock::now();
  while (!rows.slice_is_full()) {
    rows.next() += "x";
    ++in_slice;
    while (std::chrono::steady_clock::now() - begin < Rows::slice_time) {
    }
  }
  CHECK(in_slice == 16);
  rows.end_slice();
  rows.begin_slice();
  CHECK_FALSE(rows.slice_is_full());  // so that every slice makes progress
  for (std::size_t i = in_slice; i < 100; ++i) rows.next() += "x";
  CHECK(rows.is_full());

  Rows large(1'000'000);
  while (!large.is_full()) large.next().append(60'000, 'x');
  CHECK(large.bytes().size() < zevi::limits::control_answer_bytes_max);
}

TEST_CASE("the options that the broker goes by are written as its command line takes them") {
  zevi::BrokerOptions options;
  options.history = {{.prefix = "E_A", .bytes_max = 5'000'000, .events_max = 7, .age_max = 90min},
                     {.prefix = "", .kept = false}};
  options.max_age = {{"", 1500ms}};
  options.store = "/var/lib/zevi";
  options.acks = {{"E_A", zevi::AckLevel::written}, {"", zevi::AckLevel::synced}};
  options.coalesce_max = 0us;
  options.publisher_limits.events_per_second = 100;
  options.routes = {{"E_P_", "ipc:///p", zevi::EventFormat::json, true, 5, "/f"},
                    {"", "ipc:///q", zevi::EventFormat::stream, false, 0, ""}};
  std::string text;
  for (const Identity::Named& option : effective_options(options))
    text += option.name + "=" + option.value + "\n";
  CHECK(text ==
        "history=E_A=5000000,90m,7events\nhistory=*=none\nmax-age=*=1500ms\nstore=/var/lib/zevi\n"
        "store-size=1000000000\nack=E_A=written\nack=*=synced\n"
        "route=E_P_=ipc:///p,format=json,also,queue=5,access=/f\nroute=*=ipc:///"
        "q,format=stream\nsocket-mode=0660\n"
        "socket-group=\naccess=\ncurve-key=\ninterest-linger=2s\n"
        "coalesce=0ns\nsubscriber-budget=67108864\nevents-queue=100000\n"
        "memory-max=0\npublisher-rate=100\npublisher-topics=1024\npublisher-window=8388608\n"
        "subscriber-prefixes=4096\nnotices=on\ndrain=1s\n");
}
