#include "file/line_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "file/rotated_files.hpp"
#include "temporary_directory.hpp"

namespace zevi::bridges {

namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string line(int n) {
  return R"({"id":"1-E_A-)" + std::to_string(n) + R"(","n":)" + std::to_string(n) + "}";
}

void write(const std::string& path, int from, int to, const Rotation& rotation = {}) {
  LineFile file(path, rotation);
  for (int n = from; n <= to; ++n) file.append("1-E_A-" + std::to_string(n), line(n));
  file.sync();
}

std::string lines(int from, int to) {
  std::string text;
  for (int n = from; n <= to; ++n) text += line(n) + "\n";
  return text;
}

struct InDirectory {
  TemporaryDirectory directory;
  std::string path = directory.path() + "/a.ndjson";
};

}  // namespace

TEST_CASE_METHOD(InDirectory, "events that a killed bridge had written are not written again") {
  write(path, 1, 20);
  write(path, 11, 30);
  CHECK(content_of(path) == lines(1, 30));
}

TEST_CASE_METHOD(InDirectory,
                 "a line that was cut short is taken off, and written whole when it comes again") {
  for (const std::size_t length : {std::size_t{1}, std::size_t{8}, std::size_t{20}, line(3).size()}) {
    std::ofstream(path) << lines(1, 2) << line(3).substr(0, length);
    write(path, 2, 4);
    CHECK(content_of(path) == lines(1, 4));
  }
}

TEST_CASE_METHOD(InDirectory, "the end of a file that somebody else wrote is left as it is") {
  std::ofstream(path) << "my own notes";
  write(path, 1, 1);
  CHECK(content_of(path) == "my own notes\n" + lines(1, 1));
}

TEST_CASE_METHOD(InDirectory, "a file is put aside before it exceeds its size, and the oldest are removed") {
  const Rotation rotation{.bytes = 3 * (line(1).size() + 1), .age = {}, .keep = 2};
  for (int n = 1; n <= 9; n += 3) write(path, n, n + 2, rotation);
  std::vector<std::string> older = rotated_files(path);
  REQUIRE(older.size() == 2);
  CHECK(content_of(older[0]) == lines(1, 3));
  CHECK(content_of(older[1]) == lines(4, 6));
  CHECK(content_of(path) == lines(7, 9));
  write(path, 10, 10, rotation);
  older = rotated_files(path);
  REQUIRE(older.size() == 2);
  CHECK(content_of(older[0]) == lines(4, 6));
}

TEST_CASE_METHOD(InDirectory, "what stands in the file that was put aside last is not written again either") {
  const Rotation rotation{.bytes = 3 * (line(1).size() + 1), .age = {}, .keep = 0};
  write(path, 1, 3, rotation);
  write(path, 4, 4, rotation);
  write(path, 2, 5, rotation);
  CHECK(content_of(path) == lines(4, 5));
}

TEST_CASE_METHOD(InDirectory, "a file that was moved away by somebody else is made anew") {
  LineFile file(path, {});
  file.append("1-E_A-1", line(1));
  file.sync();
  std::filesystem::rename(path, path + ".1");
  file.append("1-E_A-2", line(2));
  file.sync();
  CHECK(content_of(path + ".1") == lines(1, 1));
  CHECK(content_of(path) == lines(2, 2));
}

}  // namespace zevi::bridges
