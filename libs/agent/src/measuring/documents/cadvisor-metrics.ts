import type { ContainerReading, NetworkReading, PodReading, UsageReading } from '#model';
import type { Measured } from '../node-measurer.js';
import type { Family, Series } from './prometheus-text.js';

const NANOS = 1e9;
/** The kernel's period, by which a quota is told. */
const PERIOD_MICROS = 100_000;

/** One cgroup with its labels. */
interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly usage: UsageReading;
  readonly startedAt: number;
  readonly rootfs?: ContainerReading['rootfs'];
  /** Size of the disk that it is on. */
  readonly disk: number | undefined;
  readonly network?: readonly NetworkReading[];
}
export interface MachineIds {
  readonly machineId: string;
  readonly bootId: string;
}
type Figure = (row: Row) => number | undefined;

const seconds = (nanos: number | undefined): number | undefined => (nanos === undefined ? undefined : nanos / NANOS);
const quota = ({ usage }: Row): number | undefined =>
  usage.cpu?.limitMilli === undefined ? undefined : (usage.cpu.limitMilli * PERIOD_MICROS) / 1000;

type Column = readonly [name: string, help: string, figure: Figure];
const GAUGES: readonly Column[] = [
  [
    'start_time_seconds',
    'Start time of the container since unix epoch in seconds.',
    (row) => Math.floor(row.startedAt / 1000),
  ],
  ['spec_cpu_period', 'CPU period of the container.', ({ usage }) => usage.cpu?.limitMilli && PERIOD_MICROS],
  ['spec_cpu_quota', 'CPU quota of the container.', quota],
  [
    'memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    ({ usage }) => usage.memory?.usage,
  ],
  ['memory_working_set_bytes', 'Current working set in bytes.', ({ usage }) => usage.memory?.workingSet],
  ['memory_rss', 'Size of RSS in bytes.', ({ usage }) => usage.memory?.rss],
  ['memory_cache', 'Number of bytes of page cache memory.', ({ usage }) => usage.memory?.cache],
  ['memory_swap', 'Container swap usage in bytes.', ({ usage }) => usage.memory?.swap],
  [
    'spec_memory_limit_bytes',
    'Memory limit for the container.',
    ({ usage }) => usage.memory && (usage.memory.limit ?? 0),
  ],
  ['threads', 'Number of threads running inside the container', ({ usage }) => usage.pids],
  [
    'fs_usage_bytes',
    'Number of bytes that are consumed by the container on this filesystem.',
    ({ rootfs }) => rootfs?.usedBytes,
  ],
  [
    'fs_limit_bytes',
    'Number of bytes that can be consumed by the container on this filesystem.',
    ({ rootfs, disk }) => rootfs && disk,
  ],
];
const COUNTERS: readonly Column[] = [
  ['cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals.', ({ usage }) => usage.cpu?.periods],
  [
    'cpu_cfs_throttled_periods_total',
    'Number of throttled period intervals.',
    ({ usage }) => usage.cpu?.throttledPeriods,
  ],
  [
    'cpu_cfs_throttled_seconds_total',
    'Total time duration the container has been throttled.',
    ({ usage }) => seconds(usage.cpu?.throttledNanos),
  ],
  [
    'pressure_cpu_waiting_seconds_total',
    'Total time duration tasks in the container have waited due to CPU congestion.',
    ({ usage }) => seconds(usage.cpu?.pressureNanos),
  ],
  [
    'pressure_memory_waiting_seconds_total',
    'Total time duration tasks in the container have waited due to memory congestion.',
    ({ usage }) => seconds(usage.memory?.pressureNanos),
  ],
  [
    'oom_events_total',
    'Count of out of memory events observed for the container',
    ({ usage }) => usage.memory?.oomKills,
  ],
  ['fs_reads_bytes_total', 'Cumulative count of bytes read', ({ usage }) => usage.io?.readBytes],
  ['fs_writes_bytes_total', 'Cumulative count of bytes written', ({ usage }) => usage.io?.writeBytes],
  ['fs_reads_total', 'Cumulative count of reads completed', ({ usage }) => usage.io?.reads],
  ['fs_writes_total', 'Cumulative count of writes completed', ({ usage }) => usage.io?.writes],
];

/**
 * What a kubelet serves at `/metrics/cadvisor`, under the names that dashboards ask for. Infra containers have an empty
 * `container`, and the network of their pod; the machine has the id `/`.
 */
export function cadvisorMetrics(measured: Measured, { machineId, bootId }: MachineIds): readonly Family[] {
  const rows = rowsOf(measured);
  const { at, machine } = measured.sample;
  const labels = { boot_id: bootId, machine_id: machineId, system_uuid: machineId };
  const family = (type: Family['type'], [name, help, figure]: Column, more = {}): Family => ({
    name: `container_${name}`,
    type,
    help,
    series: rows.flatMap((row): readonly Series[] => {
      const value = figure(row);
      return value === undefined ? [] : [{ labels: { ...row.labels, ...more }, value, at }];
    }),
  });
  const time: Column = [
    'cpu_usage_seconds_total',
    'Cumulative cpu time consumed in seconds.',
    ({ usage }) => seconds(usage.cpu?.usageNanos),
  ];
  return [
    ...GAUGES.map((column) => family('gauge', column)),
    ...COUNTERS.map((column) => family('counter', column)),
    family('counter', time, { cpu: 'total' }),
    family('gauge', ['last_seen', 'Last time a container was seen by the exporter', () => Math.floor(at / 1000)]),
    pageFaults(rows, at),
    ...networkFamilies(rows, at),
    ofMachine('cpu_cores', 'Number of logical CPU cores.', { labels, value: machine.cpus, at }),
    ofMachine('memory_bytes', 'Amount of memory installed on the machine.', { labels, value: machine.memoryBytes, at }),
    ofMachine('scrape_error', '1 if there was an error while getting machine metrics, 0 otherwise.', { value: 0 }),
  ];
}
function ofMachine(name: string, help: string, one: Series): Family {
  return { name: `machine_${name}`, type: 'gauge', help, series: [one] };
}

function rowsOf({ sample, metered, sandboxes }: Measured): readonly Row[] {
  const none = { container: '', image: '', name: '', namespace: '', pod: '' };
  const { machine } = sample;
  const images = new Map(metered.flatMap(({ containers }) => containers.map(({ id, image }) => [id, image] as const)));
  const row = (pod: PodReading, container: ContainerReading, name: string, network?: PodReading['network']): Row => ({
    labels: {
      container: name,
      id: `/${container.id}`,
      image: images.get(container.id) ?? '',
      name: container.id,
      namespace: pod.namespace,
      pod: pod.name,
    },
    usage: container,
    startedAt: container.startedAt,
    disk: machine.imageFileSystem?.capacityBytes,
    ...(container.rootfs && { rootfs: container.rootfs }),
    ...(network && { network }),
  });
  const ofPods = sample.pods.flatMap((pod) => {
    const sandbox = sandboxes.get(pod.uid);
    return [
      ...(sandbox ? [row(pod, sandbox, '', pod.network)] : []),
      ...pod.containers.map((container) => row(pod, container, container.name)),
    ];
  });
  const whole: Row = {
    labels: { ...none, id: '/' },
    usage: machine,
    startedAt: machine.startedAt,
    disk: undefined,
    ...(machine.network && { network: machine.network }),
  };
  return [whole, ...ofPods];
}

function pageFaults(rows: readonly Row[], at: number): Family {
  const series = rows.flatMap(({ labels, usage }) =>
    (
      [
        ['pgfault', usage.memory?.pageFaults],
        ['pgmajfault', usage.memory?.majorPageFaults],
      ] as const
    ).flatMap(([type, value]) =>
      value === undefined ? [] : { labels: { ...labels, failure_type: type, scope: 'hierarchy' }, value, at },
    ),
  );
  const help = 'Cumulative count of memory allocation failures.';
  return { name: 'container_memory_failures_total', type: 'counter', help, series };
}

const NETWORK: readonly (readonly [name: string, help: string, figure: (of: NetworkReading) => number | undefined])[] =
  [
    ['receive_bytes', 'bytes received', (of) => of.receivedBytes],
    ['receive_packets', 'packets received', (of) => of.receivedPackets],
    ['receive_packets_dropped', 'packets dropped while receiving', (of) => of.receiveDrops],
    ['receive_errors', 'errors encountered while receiving', (of) => of.receiveErrors],
    ['transmit_bytes', 'bytes transmitted', (of) => of.sentBytes],
    ['transmit_packets', 'packets transmitted', (of) => of.sentPackets],
    ['transmit_packets_dropped', 'packets dropped while transmitting', (of) => of.sendDrops],
    ['transmit_errors', 'errors encountered while transmitting', (of) => of.sendErrors],
  ];
function networkFamilies(rows: readonly Row[], at: number): readonly Family[] {
  return NETWORK.map(([name, help, figure]) => ({
    name: `container_network_${name}_total`,
    type: 'counter',
    help: `Cumulative count of ${help}`,
    series: rows.flatMap(({ labels, network = [] }) =>
      network.flatMap((of) => {
        const value = figure(of);
        return value === undefined ? [] : { labels: { ...labels, interface: of.name }, value, at };
      }),
    ),
  }));
}
