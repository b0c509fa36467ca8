#include "redis/redis_entry.hpp"

#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "zevi/pack.hpp"

namespace zevi::bridges {

namespace {

/// An answer of texts, as hiredis gives it.
class Fields {
 public:
  explicit Fields(std::vector<std::string> texts) : texts_(std::move(texts)), replies_(texts_.size()) {
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      replies_[i].type = REDIS_REPLY_STRING;
      replies_[i].str = texts_[i].data();
      replies_[i].len = static_cast<decltype(redisReply::len)>(texts_[i].size());
      pointers_.push_back(&replies_[i]);
    }
    all_.type = REDIS_REPLY_ARRAY;
    all_.elements = pointers_.size();
    all_.element = pointers_.data();
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  [[nodiscard]] std::string payload() const { return redis_payload_of(all_); }

 private:
  std::vector<std::string> texts_;
  std::vector<redisReply> replies_;
  std::vector<redisReply*> pointers_;
  redisReply all_{};
};

std::string map_of(const std::vector<std::string>& texts) {
  std::string bytes;
  pack::Writer writer(bytes);
  writer.map(texts.size() / 2);
  for (const std::string& text : texts) writer.text(text);
  return bytes;
}

}  // namespace

TEST_CASE("the place of an entry is read and written as Redis writes it, and compared by number") {
  CHECK(text_of(redis_entry_id("1526919030474-55")) == "1526919030474-55");
  CHECK(redis_entry_id("9-1") < redis_entry_id("10-0"));
  CHECK(redis_entry_id("10-9") < redis_entry_id("10-10"));
  CHECK(text_of(redis_entry_id("18446744073709551615-18446744073709551615")) ==
        "18446744073709551615-18446744073709551615");
  for (const char* const text : {"", "5", "-", "5-", "-5", "5-x", "x-5", "5-5-5", "18446744073709551616-0"}) {
    CHECK(redis_entry_id(text) == RedisEntryId{});
  }
}

TEST_CASE("the payload of an entry is the message if the entry is ours, or if it is an object and alone") {
  CHECK(Fields({"Zevi-Id", "1", "Zevi-Topic", "E_A", "payload", "text"}).payload() == "text");
  CHECK(Fields({"payload", " {\"a\": 1}"}).payload() == " {\"a\": 1}");
  CHECK(Fields({"payload", map_of({"a", "b"})}).payload() == map_of({"a", "b"}));
}

TEST_CASE("all other fields are a map of texts") {
  for (const std::vector<std::string>& fields :
       std::vector<std::vector<std::string>>{{"payload", "text"},
                                             {"payload", "\xDF\x80 is a letter"},
                                             {"payload", "{}", "n", "1"},
                                             {"Zevi-Id", "1"},
                                             {"a", "", "b", "\xFF"}}) {
    CHECK(Fields(fields).payload() == map_of(fields));
  }
}

TEST_CASE("nothing is kept of an entry that is larger than any event") {
  CHECK(Fields({"payload", "{" + std::string(std::size_t{1} << 20, ' ') + "}"}).payload().empty());
  CHECK(Fields({"text", std::string((std::size_t{1} << 20) - 4, 'x')}).payload().size() > 1U << 20);
}

}  // namespace zevi::bridges
