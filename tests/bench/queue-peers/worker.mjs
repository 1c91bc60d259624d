// A graphile-worker process: says for each job that has a number when its handler began, in microseconds.
import { run } from "graphile-worker";

const runner = await run({
  connectionString: process.env.PEER_DATABASE_URL,
  concurrency: Number(process.env.PEER_CONCURRENCY),
  maxPoolSize: Number(process.env.PEER_CONCURRENCY) + 2,
  noHandleSignals: true,
  pollInterval: 2000,
  taskList: {
    noop: ({ n }) => {
      if (n !== 0) process.stdout.write(`${n} ${Math.round((performance.timeOrigin + performance.now()) * 1000)}\n`);
    },
  },
});
await runner.promise;
