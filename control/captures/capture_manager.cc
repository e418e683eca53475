// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/capture_manager.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "control/captures/capture_engine.h"

namespace wirewatch {
namespace {

using namespace std::chrono_literals;

Timestamp system_time() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

}  // namespace

/// Two locks: `engine_mutex_` is held while packets are written, `views_mutex_` only to copy what can be seen.
class CaptureManager::Thread {
 public:
  Thread(Options options, Taps taps)
      : now_(options.now ? std::move(options.now) : system_time),
        directory_(options.directory),
        quota_bytes_(options.quota_bytes),
        taps_(std::move(taps)),
        engine_({.directory = std::move(options.directory),
                 .quota_bytes = options.quota_bytes,
                 .most_sessions = options.most_sessions,
                 .origin = std::move(options.origin),
                 .log = std::move(options.log)},
                now_()) {
    show_views();
    thread_ = std::thread([this] { run(); });
  }
  ~Thread() {
    {
      const Hold hold(*this);
      ends_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  /// Calls `work` on the engine from any thread, before the capture thread's next batch.
  template <typename Work>
  auto with_engine(Work work) {
    const Hold hold(*this);
    auto result = work(engine_, now_());
    show_views();
    wake_.notify_one();
    return result;
  }
  /// The same from what holds no answer.
  template <typename Work>
  void tell_engine(Work work) {
    with_engine([&](CaptureEngine& engine, Timestamp now) {
      work(engine, now);
      return true;
    });
  }

  std::vector<CaptureView> views() const {
    const std::lock_guard lock(views_mutex_);
    return views_;
  }
  Totals totals() const {
    const std::lock_guard lock(views_mutex_);
    return totals_;
  }
  CaptureNames names() {
    const Hold hold(*this);
    return engine_.names();
  }
  const std::string& directory() const noexcept { return directory_; }

  /// A region that is mapped already comes along with every answer.
  std::unique_ptr<TapSource> map(const FileDescriptor& region, std::string& fault) {
    struct stat status {};
    if (!region || ::fstat(region.get(), &status) != 0) return nullptr;
    const std::pair<uint64_t, uint64_t> identity{status.st_dev, status.st_ino};
    if (mapped_ == identity) return nullptr;
    auto mapped = PacketRegionReader::map(region.get());
    if (!mapped) {
      fault = mapped.error().message;
      return nullptr;
    }
    mapped_ = identity;
    return std::make_unique<RegionSource>(std::move(*mapped));
  }
  void unmap() { mapped_ = {}; }

 private:
  /// The engine's lock, which the capture thread gives up for whoever waits for it.
  class Hold {
   public:
    explicit Hold(Thread& thread) : thread_(thread) {
      ++thread_.waiting_;
      lock_ = std::unique_lock(thread_.engine_mutex_);
      --thread_.waiting_;
    }

   private:
    Thread& thread_;
    std::unique_lock<std::mutex> lock_;
  };

  void run();
  void show_views() {
    std::vector<CaptureView> views = engine_.views();
    Totals totals{.sessions_running = engine_.running(),
                  .bytes_on_disk = engine_.bytes_on_disk(),
                  .quota_bytes = quota_bytes_,
                  .counts = engine_.erased(),
                  .damaged_records = engine_.damaged(),
                  .unclaimed = engine_.unclaimed()};
    for (const CaptureView& view : views) totals.counts += view.counts;
    const std::lock_guard lock(views_mutex_);
    views_ = std::move(views);
    totals_ = totals;
  }

  const std::function<Timestamp()> now_;
  const std::string directory_;
  const uint64_t quota_bytes_;
  const Taps taps_;

  std::mutex engine_mutex_;
  std::atomic<unsigned> waiting_{0};
  std::condition_variable wake_;
  CaptureEngine engine_;
  std::pair<uint64_t, uint64_t> mapped_{};  // device and inode of the region
  bool ends_ = false;

  mutable std::mutex views_mutex_;
  std::vector<CaptureView> views_;
  Totals totals_;

  std::thread thread_;
};

void CaptureManager::Thread::run() {
  // A ring of 32 MiB takes 27 ms to fill at 10 Gbit/s; looking 500 times a second costs 0.1 % of a core.
  constexpr auto kListening = 2ms, kOtherwise = 50ms, kTick = 50ms, kShow = 200ms;
  constexpr size_t kBatch = 512;
  using Clock = std::chrono::steady_clock;
  Clock::time_point ticked{}, shown{};
  std::unique_lock lock(engine_mutex_);
  while (!ends_) {
    const size_t taken = engine_.drain(kBatch, now_());
    const auto at = Clock::now();
    if (at - ticked >= kTick) {
      ticked = at;
      engine_.tick(now_());
    }
    if (at - shown >= kShow) {
      shown = at;
      show_views();
    }
    auto command = engine_.take_command(now_());
    if (command || waiting_ > 0) {
      lock.unlock();
      if (command && taps_) taps_(std::move(*command));
      while (waiting_ > 0) std::this_thread::sleep_for(20us);
      lock.lock();
    }
    if (taken == 0 && !ends_) wake_.wait_for(lock, engine_.listens() ? kListening : kOtherwise);
  }
}

CaptureManager::CaptureManager(Options options, Taps taps) : thread_(std::make_unique<Thread>(std::move(options), std::move(taps))) {}

CaptureManager::~CaptureManager() = default;

Result<CaptureSpec> CaptureManager::read_spec(std::string_view json) const {
  return read_capture_spec(json, thread_->names().for_filters());
}

Result<CaptureView> CaptureManager::start(const CaptureSpec& spec) {
  return thread_->with_engine([&](CaptureEngine& engine, Timestamp now) { return engine.start(spec, now); });
}

Result<CaptureView> CaptureManager::stop(std::string_view name) {
  return thread_->with_engine([&](CaptureEngine& engine, Timestamp now) { return engine.stop(name, now); });
}

Result<void> CaptureManager::erase(std::string_view name) {
  return thread_->with_engine([&](CaptureEngine& engine, Timestamp now) { return engine.erase(name, now); });
}

std::vector<CaptureView> CaptureManager::list() const { return thread_->views(); }

Result<CaptureView> CaptureManager::show(std::string_view name) const {
  for (CaptureView& view : thread_->views()) {
    if (view.spec.name == name) return std::move(view);
  }
  return fail(fmt::format("there is no capture session '{}'", name));
}

Result<std::string> CaptureManager::file_path(std::string_view name, std::string_view file) const {
  auto view = show(name);
  if (!view) return tl::unexpected(view.error());
  const auto at = std::ranges::find(view->files, file, &CaptureFile::name);
  if (at == view->files.end()) return fail(fmt::format("the capture session '{}' has no file '{}'", name, file));
  return thread_->directory() + "/" + view->spec.directory + "/" + at->name;
}

void CaptureManager::set_names(CaptureNames names) {
  thread_->tell_engine([&](CaptureEngine& engine, Timestamp) { engine.set_names(std::move(names)); });
}

void CaptureManager::dataplane_connected() {
  thread_->tell_engine([](CaptureEngine& engine, Timestamp) { engine.connected(); });
}

void CaptureManager::dataplane_lost(std::string reason) {
  thread_->tell_engine([&](CaptureEngine& engine, Timestamp now) {
    engine.lost(std::move(reason), now);
    thread_->unmap();
  });
}

void CaptureManager::taps_answered(const nlohmann::json& answer, FileDescriptor region) {
  thread_->tell_engine([&](CaptureEngine& engine, Timestamp now) {
    std::string fault;
    auto source = thread_->map(region, fault);
    engine.answered(fault.empty() ? answer : nlohmann::json{{"ok", false}, {"error", fault}}, std::move(source), now);
  });
}

void CaptureManager::look(const TriggerFacts& facts) {
  thread_->tell_engine([&](CaptureEngine& engine, Timestamp now) { engine.look(facts, now); });
}

CaptureManager::Totals CaptureManager::totals() const { return thread_->totals(); }

}  // namespace wirewatch
