// SPDX-License-Identifier: BSD-3-Clause
// What of a session outlives the process: its folder with session.json beside the files, replaced whole. After a kill the
// file that was being written is cut to its last whole block and counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/captures/capture_view.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// Makes `directory` for its owner alone, and what it lies in.
Result<void> make_captures_folder(const std::string& directory);

/// Makes `directory`/`name` for its owner alone, with a little room for the last record. Refuses a folder in which there
/// is something already.
Result<std::string> make_session_folder(const std::string& directory, const std::string& name);

/// Writes session.json; what it says of the file that is open must have been flushed before.
Result<void> save_session(const std::string& folder, const CaptureView& view);

/// The sessions of earlier processes, by name, all of them stopped: one that had not been is now, as "interrupted".
/// Folders that are no session's are left alone; what is wrong with one is said in `faults`.
std::vector<CaptureView> load_sessions(const std::string& directory, Timestamp now, std::vector<std::string>& faults);

/// Deletes the files of this list, session.json and the folder if it is empty then.
void delete_session(const std::string& folder, const std::vector<CaptureFile>& files);

/// Whole pcapng packet blocks from `offset` on, a place where a block begins; the file is cut behind the last one.
struct Tail {
  uint64_t packets = 0;
  uint64_t end = 0;  // of the last whole block
  Timestamp first = kNoTimestamp, last = kNoTimestamp;  // smallest and largest
};
Result<Tail> cut_to_whole_blocks(const std::string& path, uint64_t offset);

}  // namespace wirewatch
