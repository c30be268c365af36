// What services cost: what changes and starts cost among 5,000 services, and what a connection costs more than a direct one.
import { spawnSync } from 'node:child_process';
import { forwarding, overheads } from './connect-overhead.mjs';
import { median } from './median.mjs';

const SERVICES = 5000;
const BACKENDS = 3;
const NAMESPACE = 'shiplog-bench';
const WITHIN = ['nsenter', `--net=/run/netns/${NAMESPACE}`];
const PLACE = { cluster: 'benchmark', node: 'bench', pods: undefined };

/** The figures that this module gives. */
export const names = [
  'service.one_change_of_5000_ms',
  'service.full_load_5000_ms',
  'service.connect_overhead_us.nftables',
  'service.connect_overhead_us.userspace',
];
export const runs = 1;

const backend = (address, port) => ({ address, port, isLocal: false });
const DIRECT = { host: '10.1.1.1', port: 8080 };
/** A service that leads there. */
const LED = { ...frontend(1, 1), backends: [backend(DIRECT.host, DIRECT.port)] };
const SERVICE = { host: LED.address, port: LED.port };

/** The data plane alone, in a network namespace of its own. */
export async function run() {
  const { NftablesDataplane } = await import('#adapters');
  spawnSync('ip', ['netns', 'delete', NAMESPACE]);
  const ip = (...words) => spawnSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  ip('netns', 'add', NAMESPACE);
  try {
    ip('-n', NAMESPACE, 'link', 'set', 'lo', 'up');
    ip('-n', NAMESPACE, 'addr', 'add', '10.1.1.1/32', 'dev', 'lo');
    ip('-n', NAMESPACE, 'route', 'add', '10.96.0.0/16', 'dev', 'lo');
    const dataplane = new NftablesDataplane({ within: WITHIN });
    await dataplane.open(PLACE);
    const all = Array.from({ length: SERVICES }, (_, i) => frontend(i, BACKENDS));
    const timed = async (work) => {
      const began = performance.now();
      await work();
      return performance.now() - began;
    };
    const loads = [];
    for (let n = 0; n < 5; n++) loads.push(await timed(() => dataplane.replace(all)));
    const changes = [];
    for (let n = 0; n < 50; n++)
      changes.push(await timed(() => dataplane.apply({ changed: [frontend(n * 37, n % 2 === 0 ? 2 : 4)], gone: [] })));
    await dataplane.apply({ changed: [LED], gone: [] });
    const filtered = await overheads(WITHIN, { service: SERVICE, direct: DIRECT });
    await dataplane.remove(PLACE);
    const forwarder = await forwarding(WITHIN, PLACE, LED);
    const forwarded = await overheads(WITHIN, { service: SERVICE, direct: DIRECT }).finally(forwarder.end);
    return {
      'service.one_change_of_5000_ms': median(changes, 'ms', 1),
      'service.full_load_5000_ms': median(loads, 'ms', 0),
      'service.connect_overhead_us.nftables': median(filtered, 'us', 1),
      'service.connect_overhead_us.userspace': median(forwarded, 'us', 1),
    };
  } finally {
    spawnSync('ip', ['netns', 'delete', NAMESPACE]);
  }
}

function frontend(i, count) {
  const address = `10.96.${8 + (i >> 8)}.${i & 255}`;
  const backends = Array.from({ length: count }, (_, n) => backend(`10.244.${i >> 8}.${i & 255}`, 8000 + n));
  return {
    key: `${address}/TCP/80`,
    address,
    protocol: 'TCP',
    port: 80,
    service: `default/s${i}:`,
    isExternal: false,
    backends,
    affinitySeconds: undefined,
    hidesClient: false,
    whenEmpty: 'reject',
    sourceRanges: undefined,
    answeredBy: undefined,
  };
}
