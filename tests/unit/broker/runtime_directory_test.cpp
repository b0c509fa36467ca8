#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "runtime/runtime_directory.hpp"
#include "temporary_directory.hpp"
#include "zevi/error.hpp"

using zevi::broker::RuntimeDirectory;

TEST_CASE("a runtime directory is made with mode 0750 and held by one broker at a time") {
  const TemporaryDirectory base;
  const std::string path = base.path() + "/zevi";
  {
    const RuntimeDirectory held(path);
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0750);
    CHECK_THROWS_WITH(RuntimeDirectory(path),
                      contains_text("pid " + std::to_string(getpid())) && contains_text("--runtime-dir"));
  }
  CHECK_NOTHROW(RuntimeDirectory(path));
}

TEST_CASE("a runtime directory that was removed is made and held again, unless another broker has it") {
  const TemporaryDirectory base;
  const std::string path = base.path() + "/zevi";
  RuntimeDirectory held(path);
  CHECK_FALSE(held.restore());
  std::filesystem::remove(path + "/lock");
  CHECK(held.restore());
  CHECK_THROWS_AS(RuntimeDirectory(path), zevi::Error);
  std::filesystem::remove_all(path);
  CHECK(held.restore());
  CHECK_FALSE(held.restore());
  CHECK_THROWS_AS(RuntimeDirectory(path), zevi::Error);

  std::filesystem::remove_all(path);
  {
    const RuntimeDirectory other(path);
    CHECK_THROWS_WITH(held.restore(), contains_text("in use"));
  }
  CHECK(held.restore());
}

TEST_CASE("a runtime directory that cannot be made says why") {
  const TemporaryDirectory base;
  CHECK_THROWS_WITH(RuntimeDirectory(base.path() + "/no/such"), contains_text("No such file"));
  const std::string file = base.path() + "/file";
  std::ofstream(file) << "x";
  CHECK_THROWS_WITH(RuntimeDirectory(file), contains_text("no directory"));
}
