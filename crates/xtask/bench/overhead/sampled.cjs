// What a hunt does to a service while load runs: V8's sampling heap profiler, and a reading of the
// memory twice a second. Only with SAMPLED, the interval in bytes: both sides load this file.
const inspector = require("node:inspector");

const session = new inspector.Session();
session.connect();
const samplingInterval = Number(process.env.SAMPLED);
if (samplingInterval > 0) {
  session.post("HeapProfiler.startSampling", { samplingInterval });
  setInterval(() => {
    session.post("Runtime.evaluate", { expression: "process.memoryUsage()", returnByValue: true });
  }, 500).unref();
}
