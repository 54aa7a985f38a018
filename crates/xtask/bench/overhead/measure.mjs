// What sampling costs a service: CPU time for the same requests with and without, in turns.
//   node crates/xtask/bench/overhead/measure.mjs [PAIRS] [REQUESTS] [INTERVAL_KIB…]
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import { fileURLToPath } from "node:url";

const pairs = Number(process.argv[2] ?? 7);
const requests = Number(process.argv[3] ?? 20_000);
const intervals = process.argv.length > 4 ? process.argv.slice(4).map(Number) : [64];
const warmUp = 3_000;
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const items = Array.from({ length: 20 }, (_, i) => ({ name: `item ${i}`, price: i * 3, tags: ["a", "b"] }));
const body = JSON.stringify({ items });

function post(port, agent) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const request = http.request({ host: "127.0.0.1", port, method: "POST", agent, headers }, (response) => {
      response.resume().on("end", resolve);
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function load(port, count) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  let left = count;
  const user = async () => {
    while (left-- > 0) await post(port, agent);
  };
  await Promise.all(Array.from({ length: 16 }, user));
  agent.destroy();
}

/** User and system time of a process in clock ticks, a hundredth of a second each. */
function ticks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function measure(kibibytes) {
  const env = { ...process.env, SAMPLED: String(kibibytes * 1024) };
  const service = fork(file("service.cjs"), { execArgv: ["--require", file("sampled.cjs")], env });
  const port = await new Promise((resolve) => service.once("message", resolve));
  await load(port, warmUp);
  const before = ticks(service.pid);
  await load(port, requests);
  const used = ticks(service.pid) - before;
  service.kill();
  return (used * 10_000) / requests;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const plains = [];
const ratios = intervals.map(() => []);
for (let i = 0; i < pairs; i += 1) {
  const plain = await measure(0);
  plains.push(plain);
  for (const [at, interval] of intervals.entries()) ratios[at].push((await measure(interval)) / plain);
}
console.log(`${pairs} rounds of ${requests} requests; plain: ${median(plains).toFixed(0)} µs of CPU a request (median)`);
for (const [at, interval] of intervals.entries()) {
  const all = ratios[at].map((ratio) => ratio.toFixed(3)).join(", ");
  console.log(`sampled every ${interval} KiB / plain: ${median(ratios[at]).toFixed(3)} (${all})`);
}
