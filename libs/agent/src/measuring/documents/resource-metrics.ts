import type { ContainerReading, NodeSample, PodReading, UsageReading } from '#model';
import type { MeterReading } from '#ports';
import type { Family, Series } from './prometheus-text.js';

const NANOS = 1e9;

type Figure = (usage: UsageReading) => number | undefined;
const seconds: Figure = ({ cpu }) => (cpu === undefined ? undefined : cpu.usageNanos / NANOS);
const workingSet: Figure = ({ memory }) => memory?.workingSet;
const swap: Figure = ({ memory }) => memory?.swap;

/** What a kubelet serves at `/metrics/resource`: use of the node, its pods and containers, without rates. */
export function resourceMetrics(sample: NodeSample, sandboxes: MeterReading['sandboxes']): readonly Family[] {
  const { machine, pods, at } = sample;
  const ofNode = (figure: Figure): readonly Series[] => timed(at, {}, figure(machine));
  const ofContainers = (figure: Figure): readonly Series[] =>
    containersOf(pods).flatMap(({ labels, container }) => timed(at, labels, figure(container)));
  const ofPods = (figure: Figure): readonly Series[] =>
    pods.flatMap((pod) => timed(at, { namespace: pod.namespace, pod: pod.name }, podSum(pod, sandboxes, figure)));
  const starts = containersOf(pods).map(({ labels, container }) => ({ labels, value: container.startedAt / 1000 }));
  return [
    cpuOf('node', ofNode(seconds)),
    memoryOf('node', ofNode(workingSet)),
    swapOf('node', 'Current swap usage of the node in bytes', ofNode(swap)),
    cpuOf('container', ofContainers(seconds)),
    memoryOf('container', ofContainers(workingSet)),
    swapOf('container', 'Current amount of the container swap usage in bytes', ofContainers(swap)),
    gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds', starts),
    cpuOf('pod', ofPods(seconds)),
    memoryOf('pod', ofPods(workingSet)),
    swapOf('pod', 'Current amount of the pod swap usage in bytes', ofPods(swap)),
    gauge('resource_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise', [
      { value: 0 },
    ]),
  ];
}

function containersOf(
  pods: readonly PodReading[],
): readonly { readonly labels: Readonly<Record<string, string>>; readonly container: ContainerReading }[] {
  return pods.flatMap(({ namespace, name, containers }) =>
    containers.map((container) => ({ labels: { container: container.name, namespace, pod: name }, container })),
  );
}
function timed(at: number, labels: Readonly<Record<string, string>>, value: number | undefined): readonly Series[] {
  return value === undefined ? [] : [{ labels, value, at }];
}
function cpuOf(what: string, series: readonly Series[]): Family {
  const help = `[STABLE] Cumulative cpu time consumed by the ${what} in core-seconds`;
  return { name: `${what}_cpu_usage_seconds_total`, type: 'counter', help, series };
}
function memoryOf(what: string, series: readonly Series[]): Family {
  return gauge(`${what}_memory_working_set_bytes`, `Current working set of the ${what} in bytes`, series);
}
function swapOf(what: string, help: string, series: readonly Series[]): Family {
  const rest = 'Reported only on non-windows systems';
  return { name: `${what}_swap_usage_bytes`, type: 'gauge', help: `[ALPHA] ${help}. ${rest}`, series };
}
function gauge(name: string, help: string, series: readonly Series[]): Family {
  return { name, type: 'gauge', help: `[STABLE] ${help}`, series };
}

/** The sum over a pod's containers, its infra container included; undefined where none of them has the figure. */
export function podSum(
  { uid, containers }: PodReading,
  sandboxes: MeterReading['sandboxes'],
  figure: (container: ContainerReading) => number | undefined,
): number | undefined {
  const sandbox = sandboxes.get(uid);
  const figures = [...containers, ...(sandbox ? [sandbox] : [])].flatMap((container) => figure(container) ?? []);
  return figures.length === 0 ? undefined : figures.reduce((sum, value) => sum + value, 0);
}
