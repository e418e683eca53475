// SPDX-License-Identifier: BSD-3-Clause
// What was blocked and allowed through us, and until when: a data plane that starts again begins with the lists of its
// configuration alone, and is offered these. In a small file beside the socket, since control may start again as well.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {

class BlockMemory {
 public:
  using Json = nlohmann::json;
  static constexpr size_t kMost = 65'536;  // the data plane holds fewer

  /// Takes up what the file holds; one that is not of our making holds nothing. Without a path it forgets with the process.
  explicit BlockMemory(std::string path);

  /// `meant` is the data plane's word for what it took, or gave up: {"prefixes": [...], "flows": [...], "names": [...], "allow": [...]}.
  /// An Error when it could not be written down; it is remembered all the same. What has run out by `now` is forgotten.
  Result<void> add(const Json& meant, Timestamp now);
  Result<void> remove(const Json& meant);

  /// The data plane is another one and knows none of it.
  void all_are_owed();
  /// What it has not taken yet and has not run out, in requests of at most `most_bytes` each; the names of applications only
  /// when it has rules to know them by.
  std::vector<Json> owed(Timestamp now, bool with_names, size_t most_bytes) const;
  /// It took what row `row` of a request said; those it did not take stay owed.
  void taken(const Json& row);

 private:
  struct Entry {
    Json row;  // as a request
    bool owed = false;
  };
  Result<void> save() const;

  std::string path_;
  std::map<std::string, Entry> entries_;  // by what is meant, without its time
};

}  // namespace wirewatch
