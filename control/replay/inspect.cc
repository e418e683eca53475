// SPDX-License-Identifier: BSD-3-Clause
#include "control/replay/inspect.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "control/replay/analysis.h"
#include "control/replay/report_builder.h"
#include "dataplane/base/nearest_name.h"
#include "dataplane/pipeline/run.h"
#include "dataplane/source/fanout.h"
#include "dataplane/source/file_source.h"

namespace wirewatch {
namespace {

constexpr unsigned kMostJobs = 64;
constexpr size_t kMostRecords = 10'000'000;  // over all jobs

/// One bit an application: is it, or is its category, named as unwanted?
Result<std::vector<bool>> find_unwanted(const RuleSet& rules, const std::vector<std::string>& names) {
  std::vector<bool> unwanted;
  if (names.empty()) return unwanted;
  unwanted.resize(rules.application_count() + 1);
  std::vector<std::string_view> known;
  for (size_t id = 1; id <= rules.application_count(); ++id) {
    known.push_back(rules.application_name(static_cast<ApplicationId>(id)));
    known.push_back(rules.application_category(static_cast<ApplicationId>(id)));
  }
  for (const std::string& name : names) {
    bool found = false;
    for (size_t i = 0; i < known.size(); ++i) {
      if (known[i] != name) continue;
      unwanted[i / 2 + 1] = true;
      found = true;
    }
    if (found) continue;
    return fail("'" + name + "' is neither an application nor a category of the rules" + did_you_mean(name, known));
  }
  return unwanted;
}

template <PacketSource Source>
void work(Source source, Worker& worker) {
  static const std::atomic<bool> never{false};
  run(source, worker, never);
}

/// What any worker learned of peers and names: asked before flows get their last name, so that it does not matter which of
/// them did.
void gather_lessons(const Analysis& analysis, Lessons& all) {
  size_t notes = 0;
  for (const auto& worker : analysis.workers) notes += worker->dns_note_count();
  all.names.expect(notes);
  for (const auto& worker : analysis.workers) {
    worker->add_dns_notes(all.names);
    all.peers.merge(worker->peers());
  }
  all.names.arrange();
}

/// Runs `jobs` threads to the end of the files and reports progress from the calling one meanwhile.
void run_workers(Analysis& analysis, const InspectOptions& options) {
  const auto jobs = static_cast<unsigned>(analysis.workers.size());
  const ParseOptions parse_options = analysis.workers.front()->parse_options();
  std::optional<Fanout> fanout;
  if (jobs > 1) fanout.emplace(*analysis.chain, jobs, parse_options);
  std::optional<Lessons> lessons;
  if (jobs > 1) lessons.emplace(Lessons{PeerCache(analysis.workers.front()->options().max_peers), {}});
  std::barrier all_read(jobs, [&]() noexcept {
    if (lessons) gather_lessons(analysis, *lessons);
  });
  std::mutex mutex;
  std::condition_variable all_done;
  unsigned running = jobs;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < jobs; ++i) {
    threads.emplace_back([&, i] {
      Worker& worker = *analysis.workers[i];
      if (options.chosen != nullptr) {
        work(ChosenSource(*analysis.chain, *options.chosen), worker);
      } else if (jobs == 1) {
        work(FileSource(*analysis.chain), worker);
      } else {
        work(FanoutSource(*fanout, i), worker);
      }
      all_read.arrive_and_wait();
      worker.finish(lessons ? &*lessons : nullptr);
      const std::lock_guard lock(mutex);
      if (--running == 0) all_done.notify_one();
    });
  }
  constexpr std::chrono::milliseconds kBetweenReports{200};
  std::unique_lock lock(mutex);
  while (!all_done.wait_for(lock, kBetweenReports, [&] { return running == 0; })) {
    if (!options.on_progress) continue;
    lock.unlock();
    options.on_progress({analysis.chain->packets_read(), analysis.chain->bytes_read(), analysis.chain->file_size()});
    lock.lock();
  }
}

}  // namespace

Result<Report> inspect(const InspectOptions& options) {
  auto unwanted = find_unwanted(*options.rules, options.unwanted);
  if (!unwanted) return tl::unexpected(unwanted.error());
  auto chain = FileChain::open(options.paths);
  if (!chain) return tl::unexpected(chain.error());

  const unsigned jobs = options.chosen != nullptr ? 1 : std::clamp(options.jobs, 1u, kMostJobs);
  WorkerOptions worker_options;
  worker_options.max_flows = std::max<size_t>(options.max_flows / jobs, 1);
  worker_options.local_networks = options.local_networks;
  worker_options.max_dns_notes = std::max<size_t>(worker_options.max_dns_notes / jobs, 1);
  worker_options.max_early_flows = std::max<size_t>(worker_options.max_early_flows / jobs, 1);
  worker_options.inner_destinations = options.inner_destinations;

  const auto analysis = std::make_shared<Analysis>();
  analysis->collect = {.keep_flows = options.keep_flows,
                       .most_records = std::max<size_t>(kMostRecords / jobs, 1),
                       .unwanted = std::move(*unwanted),
                       .hosts = options.hosts,
                       .local_networks = options.local_networks};
  analysis->rules = options.rules;
  analysis->chain = std::move(*chain);
  for (unsigned i = 0; i < jobs; ++i) {
    analysis->collectors.push_back(std::make_unique<Collector>(analysis->collect, options.rules->application_count()));
    analysis->workers.push_back(std::make_unique<Worker>(worker_options, options.rules, *analysis->collectors.back()));
  }
  run_workers(*analysis, options);
  Report report = make_report(analysis, options);
  if (options.chosen != nullptr) report.accounting.read = options.chosen->count();
  return report;
}

}  // namespace wirewatch
