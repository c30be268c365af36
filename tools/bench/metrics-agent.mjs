// The process that metrics.mjs looks at: the measuring part of an agent, without an engine.
import { join } from 'node:path';
import { root } from '../cluster.mjs';

const lib = (path) => import(join(root, 'dist', 'libs', path));
if (process.send !== undefined) {
  const [{ NatsBus, NodeFileTrees, NodeKernelFiles, SystemClock }, { KernelMeter }, { busRules }, { NodeMeasurer }] =
    await Promise.all([
      lib('adapters/src/index.js'),
      lib('agent/src/index.js'),
      lib('engine/src/index.js'),
      lib('agent/src/measuring/node-measurer.js'),
    ]);
  const node = process.env.BENCH_NODE;
  const credentials = JSON.parse(process.env.BENCH_CREDENTIALS);
  const bus = await NatsBus.connect(credentials, { name: node, rules: busRules });
  const clock = new SystemClock();
  const places = { pods: '/', images: '/' };
  const meter = new KernelMeter({ files: new NodeKernelFiles(), trees: new NodeFileTrees(), clock, places });
  const volumes = { emptyPath: () => '' };
  process.on('message', ({ pods, usage }) => {
    const { user, system } = process.cpuUsage();
    if (usage) process.send({ cpuMicros: user + system, at: performance.now() });
    if (pods === undefined) return;
    const running = pods.map(runningPod);
    new NodeMeasurer({ bus, clock, meter, volumes, node: { name: node } }, crypto.randomUUID(), () => running).start();
  });
}

function runningPod({ name, uid, containers }) {
  const startedAt = Date.now();
  return {
    pod: { metadata: { name, uid, namespace: 'default' }, spec: { containers: [] } },
    record: { startedAt },
    containers: containers.map((container) => ({
      ...container,
      labels: { container: container.name, role: 'app' },
      state: 'running',
      startedAt,
    })),
  };
}
