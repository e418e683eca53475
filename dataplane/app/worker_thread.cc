// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/worker_thread.h"

#include <pthread.h>
#include <sched.h>

#include <cstring>
#include <new>

namespace wirewatch {

Result<std::unique_ptr<WorkerThread>> WorkerThread::start(const WorkerPlan& plan, std::unique_ptr<PreparedRules> rules,
                                                          SharedRegion& region) {
  std::unique_ptr<WorkerThread> thread(new WorkerThread(plan));
  WorkerThread& self = *thread;
  self.thread_ = std::thread([&self, &region, taken = std::move(rules)]() mutable { self.run(std::move(taken), region); });
  self.made_.wait(0);
  if (self.made_.load() < 0) return fail("worker " + std::to_string(plan.number) + " of port '" + plan.port->config().name + "': " + self.failure_);
  return thread;
}

Result<void> WorkerThread::settle_on_core() const {
  ::pthread_setname_np(::pthread_self(), ("worker " + std::to_string(plan_.number)).c_str());
  if (!plan_.lcore) return {};
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(*plan_.lcore, &cores);
  if (const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof cores, &cores); error != 0) {
    return fail("cannot run on core " + std::to_string(*plan_.lcore) + ": " + std::strerror(error));
  }
  return {};
}

void WorkerThread::run(std::unique_ptr<PreparedRules> rules, SharedRegion& region) {
  Result<void> ready = settle_on_core();
  if (ready) {
    try {
      worker_ = std::make_unique<LiveWorker>(plan_.options, std::move(rules), region, plan_.number);
    } catch (const std::bad_alloc&) {
      ready = fail("no memory for its tables; lower max_flows or max_table_rows");
    }
  }
  if (!ready) failure_ = ready.error().message;
  made_.store(ready ? 1 : -1);
  made_.notify_all();
  if (!ready) return;
  begun_.wait(false);
  plan_.port->run(plan_.number_in_port, {*worker_, boards_, plan_.loop, stop_});
  polled_out_.store(true);
  polled_out_.notify_all();
  if (!plan_.options.clocks.none()) may_finish_.wait(false);
  worker_->finish();
}

void WorkerThread::begin() noexcept {
  begun_.store(true);
  begun_.notify_all();
}

void WorkerThread::stop() {
  ask_to_stop();
  begin();
  may_finish_.store(true);
  may_finish_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace wirewatch
