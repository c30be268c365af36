import type { Projection } from '#engine';
import type { KubeObject, StoredEvent } from '#model';
import { EventChecks } from '#sim';
import type { ApiObject } from '../support/api-client.js';
import { eventsOf } from '../support/event-log.js';
import { until, type TestCluster } from '../support/test-cluster.js';
import { PODS, type Served } from '../support/workloads.js';
import type { Clients } from './clients.js';
import type { EngineWatch, Signal } from './engine-watch.js';
import type { Registers } from './registers.js';

/** What is held against the log of a cluster. */
export interface LogScene {
  readonly cluster: Served & { readonly home: string };
  readonly clients: Clients;
  readonly registers: Registers;
  /** The event log as `SHIPLOG_EVENT_LOG` names it. */
  readonly log?: string | undefined;
}
/** A cluster of one machine after its chaos, and everybody who had to do with it. */
export interface Scene extends LogScene {
  readonly cluster: TestCluster;
  readonly engine: EngineWatch;
  /** Seconds by which the writer's wall clock was ahead at some time. */
  readonly clockOffsets: ReadonlySet<number>;
}

/** What must be true once all is quiet, as in the simulation. Gives what is not. */
export async function violationsOf(scene: Scene): Promise<LogVerdict> {
  const { cluster, engine, clockOffsets } = scene;
  const strays = await containersAreOfPods(cluster);
  const { violations, events } = await logViolationsOf(scene);
  return { violations: [...violations, ...unaskedSignals(engine.signals, events, clockOffsets), ...strays], events };
}

export interface LogVerdict {
  readonly violations: readonly string[];
  readonly events: readonly StoredEvent[];
}

/** What clients were answered and what the API shows, held against the log. */
export async function logViolationsOf({ cluster, clients, registers, log }: LogScene): Promise<LogVerdict> {
  const events = await eventsOf(cluster.home, log);
  const checks = new EventChecks({ events });
  checks.catchUp();
  const violations = [
    ...clients.surprises.map((surprise) => `clients are answered as Kubernetes would: ${surprise}`),
    ...registers.violations(),
    ...lostWrites(clients, events),
    ...checks.violations.map(({ checker, message, position }) => `${checker}: ${message} (at position ${position})`),
    ...(await answersEqualReplay(cluster, checks.replayed)),
  ];
  return { violations, events };
}

function lostWrites({ acknowledged }: Clients, events: readonly StoredEvent[]): readonly string[] {
  const positions = new Set(events.map((event) => event.position));
  return acknowledged
    .filter(({ position }) => !positions.has(position))
    .map(({ what, position }) => `no acknowledged write is lost: ${what} at position ${position}`);
}

/** An agent may stop what the log says is to go, and nothing else; and not before the log said so. */
function unaskedSignals(
  signals: readonly Signal[],
  events: readonly StoredEvent[],
  clockOffsets: ReadonlySet<number>,
): readonly string[] {
  // The engine's times are of the machine's clock, an event's of the writer's: at the earliest it was written then.
  const earliestMs = (event: StoredEvent): number => Date.parse(event.time) - Math.max(...clockOffsets) * 1000;
  const endedAt = new Map<string, number>();
  const alive = new Map<string, string>();
  for (const event of events) {
    if (!event.stream.startsWith('core.pods/')) continue;
    const data = event.data as {
      object?: KubeObject;
      uid?: string;
      set?: readonly (readonly [readonly unknown[], unknown])[];
    };
    if (data.object) alive.set(event.stream, data.object.metadata.uid);
    const uid = data.uid ?? alive.get(event.stream);
    const isDeletion = ({ set }: typeof data): boolean =>
      set?.some(([path]) => path[1] === 'deletionTimestamp') ?? false;
    if (uid !== undefined && !endedAt.has(uid) && (event.type === 'Deleted' || isDeletion(data)))
      endedAt.set(uid, earliestMs(event));
  }
  return signals
    .filter(({ podUid, atMs }) => (endedAt.get(podUid) ?? Infinity) > atMs)
    .map(({ pod, podUid, role }) => `no container is stopped without a deletion: ${role} of ${pod} (${podUid})`);
}

/** Each pod has its infra container and its app once, and there is nothing else. */
async function containersAreOfPods(cluster: TestCluster): Promise<readonly string[]> {
  const look = async (): Promise<readonly string[]> => {
    const pods = (await cluster.api.get(PODS)).json().items ?? [];
    const wanted = pods.flatMap(({ metadata }) => [`app of ${metadata.uid}`, `infra of ${metadata.uid}`]);
    const found = (await cluster.containers({ infra: true })).map(
      ({ Labels }) => `${Labels['io.shiplog.container.role']} of ${Labels['io.shiplog.pod.uid']}`,
    );
    const missing = wanted.filter((one) => !found.includes(one)).map((one) => `no ${one} runs`);
    const extra = found
      .filter((one, i) => !wanted.includes(one) || found.indexOf(one) !== i)
      .map((one) => `stray ${one} runs`);
    return [...missing, ...extra];
  };
  try {
    return await until('the engine runs what the API says', look, (wrong) => wrong.length === 0, 60);
  } catch (error) {
    return [`all comes right: ${error instanceof Error ? error.message : String(error)}`];
  }
}

const LISTS: Readonly<Record<string, string>> = {
  'core.pods': '/api/v1/pods',
  'core.configmaps': '/api/v1/configmaps',
  'apps.replicasets': '/apis/apps/v1/replicasets',
  'apps.deployments': '/apis/apps/v1/deployments',
};

/** What the API answers at the end is what the log says when it is read from its beginning. */
async function answersEqualReplay(cluster: Served, replayed: Projection): Promise<readonly string[]> {
  const line = ({ metadata }: Pick<ApiObject, 'metadata'>): string =>
    `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`;
  const wrong: string[] = [];
  for (const [kind, path] of Object.entries(LISTS)) {
    // The replay ends where the log was read to: the past at that position is what it must be equal to. An index that could
    // not be written, as on a full disk, is made anew after half a minute, and the API says so until then.
    const past = `/at/position:${replayed.position}${path}`;
    const answer = (
      await until(
        past,
        () => cluster.api.get(past),
        ({ status }) => status === 200,
      )
    ).json();
    const answered = (answer.items ?? []).map(line).sort();
    const folded = (replayed.list({ id: kind }) as readonly ApiObject[]).map(line).sort();
    if (JSON.stringify(answered) !== JSON.stringify(folded)) {
      wrong.push(`projections equal a replay: ${kind}: ${folded.length} in the log, ${answered.length} answered`);
    }
  }
  return wrong;
}
